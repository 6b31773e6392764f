# Sourced by lint.sh and format.sh: where the work in hand started. On a branch that is its fork from
# the main branch; on the main branch itself, the commit before the last.
base_commit() {
  local main
  for main in origin/main origin/master main master; do
    git rev-parse -q --verify "$main^{commit}" >/dev/null || continue
    local fork
    fork=$(git merge-base HEAD "$main")
    if [[ $fork != $(git rev-parse HEAD) ]]; then
      echo "$fork"
      return
    fi
  done
  git rev-parse -q --verify HEAD~1 || git hash-object -t tree /dev/null
}
