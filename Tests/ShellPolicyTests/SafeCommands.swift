/// Commands that an agent gives every day; `ExecutionTests` runs each of them in a folder with the files named here.
enum SafeCommands {
    static let all = files + text + search + lists + writes + facts

    /// Looking at files.
    static let files = [
        "ls",
        "ls -la",
        "ls -lah notes",
        "ls -R notes",
        "ls --color=never -1 notes",
        "ls -I '*.md' .",
        "/bin/ls -l",
        "/usr/bin/ls notes",
        "ls ./*",
        "ls -- *",
        "ls notes/*.txt",
        "cat notes/today.txt",
        "cat -n 'with blank.txt'",
        "cat \"with blank.txt\"",
        "cat with\\ blank.txt",
        "cat notes/today.txt notes/other.txt",
        "cat ./-",
        "cat a* b*",
        "head -5 data.csv",
        "head -n 2 data.csv notes/today.txt",
        "head -c16 data.csv",
        "head --lines=3 data.csv",
        "tail -n +2 data.csv",
        "tail -1 data.csv",
        "tac data.csv",
        "nl -b a data.csv",
        "stat data.csv",
        "stat -c %s data.csv",
        "stat -c '%n %s' ./*.csv",
        "du -sh notes",
        "du -h --max-depth=1 .",
        "df -h .",
        "find . -name '*.txt'",
        "find . -type f -size +1k -mtime -7",
        "find notes -maxdepth 1 \\( -name '*.txt' -o -name '*.md' \\) -print",
        "find . -not -path './notes/*' -type f -printf '%s %p\\n'",
        "find . ! -name data.csv -newer data.csv",
        "find",
        "cmp data.csv data.csv",
        "diff -u notes/today.txt notes/other.txt",
        "diff -rq notes notes",
        "od -A x -t x1 -N 16 data.csv",
        "readlink -f data.csv",
        "realpath --relative-to=notes data.csv",
    ]

    /// Working on text.
    static let text = [
        "sort data.csv",
        "sort -t, -k2,2nr data.csv",
        "sort -u data.csv",
        "sort -k 2 -t , -n data.csv",
        "sort data.csv | uniq -c | sort -rn | head -3",
        "cut -d, -f1,2 data.csv",
        "cut -d ' ' -f 1 notes/today.txt",
        "tr a-z A-Z < data.csv",
        "tr -d '\\r' <data.csv | wc -l",
        "paste -d, a.txt b.txt",
        "comm -12 a.txt b.txt",
        "join a.txt b.txt",
        "fold -w 20 data.csv",
        "wc -l data.csv",
        "wc -lw notes/*",
        "base64 -w0 a.txt",
        "sha256sum data.csv",
        "sha256sum --ignore-missing -c sums",
        "md5sum a.txt b.txt",
        "echo hello",
        "echo -n 'it costs $5'",
        "echo \"a \\\"quoted\\\" word \\\\ and \\$HOME\"",
        "echo fine & quick".replacing("&", with: "'&'"),
        "echo größer als 日本",
        "echo done!",
        "printf '%s\\n' one two",
        "printf '%5.2f%%\\n' 3.14159",
        "printf -- '- item\\n'",
        "seq 3",
        "seq 5 -1 1",
        "seq -w 1 10",
    ]

    /// Searching.
    static let search = [
        "grep -n one data.csv",
        "grep -rn --include='*.txt' milk .",
        "grep -ri 'milk' notes",
        "grep -c '^[a-z]' data.csv",
        "grep -E 'one|two' data.csv",
        "grep -e one -e two data.csv",
        "grep -A2 -B 1 two data.csv",
        "grep -v '#' data.csv | head -n 3",
        "grep -o '[0-9]*' data.csv",
        "grep -l milk notes/*",
        "grep -- --flag notes/today.txt",
        "grep -q one data.csv && echo yes",
        "grep -q nothing data.csv || echo no",
    ]

    /// Several commands.
    static let lists = [
        "pwd; ls",
        "pwd\nls -l\n",
        "# what is there\nls notes\n\n# and how much\ndu -s notes",
        "ls | wc -l # how many",
        "cd notes && ls -l",
        "cat nothing 2>/dev/null || echo none",
        "cat nothing 2>&1 | head -n 1",
        "ls notes >/dev/null 2>&1 && echo there",
        "test -f data.csv && echo there",
        "[ -d notes ] && ls notes",
        "[ ! -e nothing ] && echo none",
        "[ a = b ] || echo different",
        "test 3 -gt 2 && echo more",
        "true && false; echo end",
        "sleep 0 &&\n  echo slept",
    ]

    /// Redirections into the workspace.
    static let writes = [
        "echo hello > out.txt",
        "echo more >> out.txt",
        "sort data.csv > notes/sorted.csv",
        "ls -l notes >/workspace/agent/list.txt 2>&1",
        "grep milk notes/today.txt 1>found.txt 2>errors.txt",
        "< data.csv wc -l > 'line count.txt'",
        "date +%F > ./today",
        "echo one > one.txt; echo two > two.txt",
    ]

    /// Facts.
    static let facts = [
        "date", "date -u +%Y-%m-%dT%H:%M:%SZ", "date -d 'next friday' +%F", "date -Iseconds", "whoami", "id -u",
        "uname -a", "nproc",
        "basename /a/b.txt .txt", "dirname a/b",
    ]
}
