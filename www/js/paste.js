// A pasted transcript as the commands that it holds. `[root@master01 ~]# ` and `# ` are prompts; lines
// without one are what the command printed then, and are dropped.

const LONG = /^\s*\[[\w.-]+@[\w.-]+ [^\]]*\][#$] ?(.*)$/;
const SHORT = /^\s*[#$] +([A-Za-z./(].*)$/;

/** The command lines in a pasted text. */
export function commands(text) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  for (const prompt of [LONG, SHORT]) {
    if (!lines.some((line) => prompt.test(line))) continue;
    const found = [];
    let continues = false;
    for (const line of lines) {
      const command = line.match(prompt)?.[1] ?? (continues ? line.replace(/^> /, '') : undefined);
      if (command === undefined) continue;
      found.push(command);
      continues = command.endsWith('\\') || (continues && !prompt.test(line) && line.startsWith('> ')) || /<<-?\s*['"]?\w+['"]?\s*$/.test(command);
      if (/^> ?EOF$/.test(line) || line === 'EOF') continues = false;
    }
    return found.filter((line) => line !== '');
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
