/// What is read and written.
extension Bypass {
    static let variables = kind(
        "home directories",
        because: "home directory",
        ["cat ~/x", "ls ~", "ls ~root", "cat ~+/x", "ls --color=~/x", "cat a:~/x", "> ~/x ls", "cd ~", "grep -f ~/x y"]
    )

    static let patterns =
        kind(
            "patterns that could name an option",
            because: "pattern may name an option",
            [
                "ls *", "cat *", "sort *", "grep x *", "ls ?o", "wc -l *.txt", "echo *", "cat a *", "ls -*",
                "sort -? x", "diff ?? a", "ls ''*", "rg x *", "cut -d* x", "cat * -- x", "du *", "printf '%s' *",
                "head -n1 *",
            ]
        )
        + kind(
            "patterns that could name /proc",
            because: "pattern may name /proc",
            [
                "cat /*/self/environ", "cat /p*/self/environ", "ls /?roc", "cat -- /pro?/1/environ",
                "cat ../../*/self/environ", "ls /./*", "cd / && cat ./*/self/environ", "cat //p*/1/mem",
            ]
        )
        + kind(
            "patterns that could name the folder above",
            because: "folder above",
            ["ls .*", "cat .?/x", "cat ..*/x", "cat a/.*/b", "cat .*/.*/x", "ls ./.*"]
        )
        + kind(
            "patterns and links upward",
            because: "goes up",
            [
                "cat ./*/../../../proc/self/environ", "cat a/../b", "cat link/../../x",
                "cat /workspace/../proc/1/environ", "ls ./a/..", "cd notes && cat ../x", "cd a; cd ..",
                "cat /../proc/self/mem", "echo x > a/../b", "cat ./a*/../x",
            ]
        )
        + kind(
            "sets",
            because: "bracket",
            ["ls [a]*", "cat ./[!a]", "cat [-]o", "ls a[b", "cat /[p]roc/self/environ", "[[ -v x ]]", "[a ]", "a[0]=1"]
        )

    static let reading =
        kind(
            "processes, devices, settings",
            because: "/proc",
            [
                "cat /proc/self/environ", "cat /proc/1/environ", "ls /proc", "cat /dev/stdin",
                "cat /dev/tcp/127.0.0.1/3128", "cat < /dev/tcp/127.0.0.1/3128", "cat </proc/self/environ",
                "ls /proc/self/fd", "cat //proc//self/environ",
                "cat /./proc/self/environ", "cat ../../proc/self/environ", "cat ../../../../proc/1/environ",
                "grep -r x /proc", "grep -rn x /", "find / -name environ", "find /proc", "rg x /", "du /", "ls -R /",
                "diff -r / x", "cd / && grep -r x",
                "cd / && cat proc/self/environ", "cd /proc && cat self/environ", "cd /proc", "cd / && find",
                "cd / && rg x", "grep -f /proc/self/environ x", "grep -f/proc/self/environ x",
                "grep --file=/proc/self/environ x", "grep --exclude-from /proc/self/environ x y",
                "head -c1 /dev/zero", "cat /sys/kernel/x", "sort /dev/fd/3", "find . -newer /proc/1",
                "find . -samefile /proc/1/exe", "test -f /proc/1/x", "[ /proc/1/a -nt x ]", "date -r /proc/1",
                "cat '/proc/self/environ'", "cat /pr\\oc/self/environ", "cat \"/pro\"c/self/environ",
                "grep -e x /proc/1/environ", "grep x -e y /proc/1/environ", "grep /proc/1/environ -e x",
                "diff -X /proc/1/environ a b", "du -X/proc/1/environ .", "cd ../.. && ls -R",
                "cd .. && cd / && cat proc/1/mem", "cd /; true; cat dev/stdin", "grep x /proc/1/*", "echo /proc/*",
                "realpath --relative-to=/proc x", "tail -c5 ../../dev/mem", "cat /dev/null/x",
            ]
        )

    static let writing =
        kind(
            "outside of the workspace",
            because: "outside of the workspace",
            [
                "echo x > /etc/passwd", "echo x > ../x", "echo x >> ../../etc/x", "echo x > /tmp/x",
                "ls > /workspace/agentx", "ls > /workspace/agent", "ls > .", "ls > /", "ls > /dev/tcp/127.0.0.1/80",
                "ls > /dev/stdout", "ls 2> /proc/self/mem", "ls > //etc/x", "ls > '../x'",
                "ls > \\../x", "ls >/workspace/./x", "ls > /workspace/extra/x", "> /etc/x ls", "ls > ok.txt 2> /etc/x",
                "ls > ok.txt > ../x", "cat a >> /workspace/instructions/x", "ls 1>/x", "ls >./../x", "ls >/dev/null/x",
                "ls > /dev/nul",
            ]
        )
        + kind(
            "hidden files and names like options",
            because: "hidden file",
            [
                "echo x > .git/hooks/pre-commit", "echo x > .gitconfig", "echo x > .bashrc", "echo x >> .profile",
                "ls > .ssh/authorized_keys", "ls > a/.git/config", "ls > ./.magic", "ls > -rf", "ls > ./-o",
                "ls > '-o'", "ls > /workspace/agent/.x", "ls > ...", "ls > a/-x", "ls > \".jq\"", "ls > .\\git/x",
            ]
        )
        + kind(
            "instructions, skills, memory",
            because: "instructions, skills or memory",
            [
                "echo x > CLAUDE.md", "echo x >> claude.md", "echo x > skills/a/SKILL.md", "echo x > Skills/a",
                "echo x > memory/people.md", "ls > ./CLAUDE.md", "ls > /workspace/agent/skills/x", "ls > 'CLAUDE'.md",
                "ls > notes/CLAUDE.md", "ls > AGENTS.md",
            ]
        )
        + kind(
            "files named by a pattern",
            because: "pattern",
            ["ls > *", "ls > out*", "cat < *", "ls > ./?", "cat < a?", "ls >> notes/*"]
        )
        + kind(
            "folders that depend on cd",
            because: "cd before",
            [
                "cd notes && ls > x", "cd notes; ls > x.txt", "cd /workspace/extra/a; echo x > y", "cd notes | ls > x",
                "cd a || ls > x",
            ]
        )
        + kind(
            "cd",
            because: "cd",
            ["cd", "cd -", "cd -P x", "cd a b", "cd *", "cd ''", "cd -- x", "/usr/bin/cd x", "cd -L /", "cd ./*"]
        )
}
