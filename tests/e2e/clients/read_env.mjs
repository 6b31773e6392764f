// What dotenv of npm reads: node read_env.mjs FOLDER COUNT prints a JSON array of the maps of
// FOLDER/0.env, FOLDER/1.env, …
import dotenv from 'dotenv';
import fs from 'node:fs';

const [folder, count] = process.argv.slice(2);
const read = (index) => dotenv.parse(fs.readFileSync(`${folder}/${index}.env`));
console.log(JSON.stringify(Array.from({ length: Number(count) }, (_, index) => read(index))));
