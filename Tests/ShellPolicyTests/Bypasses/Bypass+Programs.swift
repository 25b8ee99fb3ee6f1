/// What runs.
extension Bypass {
    static let programs =
        kind(
            "programs that run others",
            because: "no program known to only read",
            [
                "sh -c id", "bash -c 'id'", "dash x", "eval id", "eval 'ls; id'", "exec id", "exec -a ls id",
                "command id", "command ls",
                "builtin eval id", "source x", ". x", ". ./x", "env id", "env -S 'sh -c id'", "env", "xargs id",
                "ls | xargs rm", "nohup id",
                "nice id", "timeout 5 id", "time id", "setsid id", "stdbuf -o0 id", "watch id", "sudo id", "su -c id",
                "chroot / id",
                "busybox sh", "flock x id", "script -c id", "ssh x id", "parallel id", "strace id", "ltrace id",
                "gdb -ex id",
                "unshare id", "setarch id", "ionice id", "chrt 1 id", "taskset 1 id", "start-stop-daemon -S id",
                "run-parts x",
                "ls | sh", "cat x | bash", "sh", "ls; rm x", "ls && rm -rf .", "true || rm x; rm y", "ls\nrm x",
            ]
        )
        + kind(
            "languages and editors",
            because: "no program known to only read",
            [
                "awk 'BEGIN{system(\"id\")}'", "gawk x", "mawk x", "sed -i s/a/b/ x", "sed 1e\\ id x", "sed 'w out' x",
                "sed -n p x", "perl -e 'exec id'",
                "python3 -c 'import os'", "ruby -e x", "node -e x", "lua x", "php -r x", "vi x", "vim -c ':!id'",
                "ed x", "ex x", "emacs x",
                "nano x", "less x", "more x", "man -P id ls", "m4 x", "bc x", "dc -e '!id'", "expect x", "tclsh x",
                "make", "gcc x", "sqlite3 x .shell",
            ]
        )
        + kind(
            "programs that write or reach out",
            because: "no program known to only read",
            [
                "tee out.txt", "ls | tee .profile", "cp a b", "mv a b", "rm a", "ln -s / x", "install a b",
                "dd if=a of=b", "touch a", "mkdir a",
                "rmdir a", "truncate -s0 a", "chmod 777 a", "chown x a", "split a", "csplit a 1", "shred a", "mktemp",
                "mkfifo a", "tar xf a",
                "zip a b", "unzip a", "gzip a", "gunzip a", "zcat a", "xxd a b", "shuf -o a b", "patch x", "curl x",
                "wget x", "nc x 1", "rsync a b", "kill 1",
                "file -C -m x", "file x", "tree -o out", "yes", "split --filter=id a", "iconv -o out x", "ps aux",
                "egrep a x", "which ls",
            ]
        )
        + kind(
            "git, whose configuration the agent writes",
            because: "no program known to only read",
            [
                "git status", "git log", "git diff", "git show", "git branch --list", "git -c core.fsmonitor=id status",
                "git --exec-path=. status", "git -C x status", "git grep -O x", "git log --output=x",
            ]
        )
        + kind(
            "shell builtins and reserved words",
            because: "no program known to only read",
            [
                "alias ls=id", "unalias ls", "hash -p ./x ls", "enable -f x y", "set -x", "set -- a", "shopt -s x",
                "export PATH", "readonly a", "declare x",
                "typeset x", "local x", "read PATH", "read x < f", "mapfile x", "getopts a PATH", "unset PATH",
                "trap id EXIT", "let a",
                "umask 0", "ulimit -c 0", "if true; then id; fi", "while true; do id; done", "until false; do id; done",
                "for x in a; do id; done",
                "! ls", "!! ", "!ls", "time ls", "coproc id", "function ls", "bind -x x", "complete -C id x",
                "compgen -C id", "fc -e id",
                "jobs -x id", "wait", "exit", "return", "break", "type ls", "logout", "pushd x", "dirs", "history",
                "caller", "times", "disown", ":", "then",
            ]
        )
        + kind(
            "programs by another name",
            because: "program",
            [
                "./ls", "../ls", "ls/", "/workspace/agent/ls", "bin/ls", "/usr/local/bin/ls", "/usr/bin/../bin/sh",
                "/bin/sh", "/bin/../ls",
                "//bin/ls", "/usr/bin//ls", "/tmp/ls", "*", "l?", "/bin/l*", "/usr/bin/", "LS", "'ls '", "\"ls -la\"",
                "'l\ns'", "''", "\\!", "ｌｓ", "lѕ", "\"\" ls",
            ]
        )
        + kind(
            "variables",
            because: "sets a variable",
            [
                "PATH=. ls", "LD_PRELOAD=./x.so ls", "A=b", "A=b ls", "BASH_ENV=x ls", "LS_COLORS=x ls", "IFS=x ls",
                "HOME=. cat x", "PATH=.;ls",
                "ls; ENV=x", "PATH+=:. ls", "TZ=x date", "'PATH'=. ls", "MAGIC=x ls", "GREP_OPTIONS=x grep a b",
            ]
        )
}
