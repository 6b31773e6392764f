// Makes a Compose project of any size, the same one every time: like one that somebody wrote, with
// comments, quotes, references and defaults.
//
//   node tests/bench/make_project.mjs FOLDER VARIABLES SERVICES ENV_FILES
import { mkdirSync, writeFileSync } from 'node:fs';

const [folder, ...numbers] = process.argv.slice(2);
const [variables, services, files] = numbers.map(Number);
mkdirSync(`${folder}/env`, { recursive: true });

const looks = [
  (i) => `APP_TIMEOUT_${i}=${5 + (i % 25)}`,
  (i) => `# Where part ${i} listens.\nAPP_HOST_${i}=part-${i}.example.com`,
  (i) => `APP_TITLE_${i}="Part ${i} of the application"`,
  (i) => `APP_PATTERN_${i}='^part-[0-9]+$'`,
  (i) => `APP_URL_${i}=https://\${APP_HOST_${i - 3}:-localhost}/v1`,
  (i) => `APP_ENABLED_${i}=true`,
];
const line = (i) => looks[i % looks.length](i);

// .env, which fills ${} in the Compose file.
const own = Math.min(variables, 50);
const tags = Array.from({ length: services }, (_, i) => `TAG_${i}=1.4.${i % 20}`);
const rest = Array.from({ length: Math.max(0, own - services) }, (_, i) => line(i));
writeFileSync(`${folder}/.env`, ['# Versions.', ...tags.slice(0, own), '', '# Settings.', ...rest, ''].join('\n'));

const each = Math.max(1, Math.floor((variables - own) / files));
for (let file = 0; file < files; ++file) {
  const lines = Array.from({ length: each }, (_, i) => line(file * each + i));
  writeFileSync(`${folder}/env/part-${file}.env`, ['# Settings of a part of the application.', ...lines, ''].join('\n'));
}

const service = (i) => `  part-${i}:
    image: "registry.example.com/part:\${TAG_${i}:-1.4.0}"
    restart: unless-stopped
    env_file:
      - env/part-${i % files}.env
    environment:
      PART_NAME: "part-${i}"
      PART_PORT: "8000"
    ports:
      - "127.0.0.1:${10000 + i}:8000"${i === 0 ? '' : `
    depends_on:
      part-${Math.floor(i / 2)}:
        condition: service_healthy`}
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "-", "http://127.0.0.1:8000/health"]
      interval: 10s
      timeout: 3s
      retries: 3
    mem_limit: 256m
    read_only: true
    logging: *logging
`;
writeFileSync(`${folder}/compose.yaml`, `x-logging: &logging
  driver: json-file
  options:
    max-size: "10m"
    max-file: "3"

services:
${Array.from({ length: services }, (_, i) => service(i)).join('\n')}`);

// What varlock wants: a schema of the variables, beside a copy of their values.
mkdirSync(`${folder}-varlock`, { recursive: true });
const all = Array.from({ length: variables }, (_, i) => line(i)).join('\n');
writeFileSync(`${folder}-varlock/.env`, `${all.replace(/\$\{.*?\}/g, 'localhost')}\n`);
const typed = all.split('\n').filter((text) => !text.startsWith('#')).map((text) => text.split('=')[0]);
writeFileSync(`${folder}-varlock/.env.schema`,
  `# @defaultRequired=infer\n# ---\n${typed.map((name) => `# @required @type=${name.includes('TIMEOUT') ? 'number' : 'string'}\n${name}=`).join('\n')}\n`);
