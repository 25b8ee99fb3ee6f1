/// What shells make of text.
extension Bypass {
    static let grammar =
        kind(
            "substitution",
            because: "substitution",
            [
                "echo $(id)", "echo `id`", "echo \"$(id)\"", "echo \"`id`\"", "ls \"a$(touch x)\"",
                "cat $HOME/.profile",
                "cat ${IFS}etc", "ls $((a[$(id)]))", "$SHELL", "$0", "echo $'\\x41'", "ls $\"text\"", "cat<$0",
                "\"$(echo rm)\" x", "ec\"\"ho `id`", "ls \\\\$(id)", "ls 'a'\"$(id)\"'b'", "echo \"\\\\$(id)\"",
                "grep x \"${PATH:=.}\"", "echo $[1+1]", "echo ${x:-$(id)}", "[ $(id) ]", "ls > $(id)", "ls > `id`",
                "test -f \"$(rm x)\"", "printf \"$(id)\"", "$", "echo a$", "cat $@",
            ]
        )
        + kind(
            "process substitution, subshell, function",
            because: "parenthesis",
            [
                "cat <(id)", "diff <(id) <(whoami)", "ls >(sh)", "(id)", "( ls )", "ls() { id; }", "ls () (id)",
                "a=(1 2)",
                "cat a (b)", "echo @(a|b)", "ls !(a)", "ls +(a)", "echo (id)", "ls; (rm x)", "ls | (sh)",
                "case x in x) id;; esac",
                "for ((;;)) do id; done", "((id))", "select x in a; do id; done; )",
            ]
        )
        + kind(
            "braces",
            because: "brace",
            [
                "{ id; }", "ls {a,b}", "cat {/etc/passwd,x}", "echo {1..9}", "sort {-o,x}", "{ls,-la}", "ls }",
                "find . -name {}",
                "sort data.csv {--output,-o}=x", "echo a{b", "ls {fd}>x",
            ]
        )
        + kind(
            "here-document",
            because: "here-document",
            [
                "cat <<X\nid\nX", "cat <<'X'\nid\nX", "cat <<-X\nid\nX", "sh <<<id", "cat <<< id", "cat 0<<X\nX",
                "ls <<X >a\nX",
            ]
        )
        + kind(
            "unusual redirection",
            because: "unusual redirection",
            [
                "ls >| out.txt", "cat <> out.txt", "ls >&out.txt", "ls >&-", "ls 2>&-", "ls >&3", "ls >& out.txt",
                "cat <&3",
                "cat <&0", "ls 2>&1x", "ls 2>&1>&2&", "ls >& 1", "ls 2>&12", "ls >&1(",
            ]
        )
        + kind(
            "descriptor",
            because: "descriptor",
            [
                "ls 3>out.txt", "ls 255>out.txt", "ls 0>out.txt", "cat 1<x", "ls '1'>out.txt", "ls \\2>out.txt",
                "ls 01>out.txt", "ls 9<x",
            ]
        )
        + kind(
            "redirection without file or program",
            because: "redirection",
            [
                "ls >", "ls > ; id", "ls > | cat", "ls > #x", "ls > 2>x", "> out.txt", "< data.csv", "ls; > out.txt",
                "ls > ''",
            ]
        )
        + kind(
            "background",
            because: "background",
            ["ls &", "ls & id", "id&", "ls &> out.txt", "ls &>> out.txt", "ls;&", "ls &\nid", "cat a&b", "echo 1 &2"]
        )
        + kind(
            "lists that do not parse alike",
            because: "a command is missing",
            [
                "ls && ", "&& ls", "ls ||", "ls |", "| ls", "; ls", "ls ; ; ls", "ls && && ls", "ls && ; ls",
                "ls\n; ls", "ls | | cat", "ls && # x",
            ]
        )
        + kind(
            "other signs",
            because: "it holds",
            ["ls ;; id", "ls |& cat", "ls ^ id", "echo ^a^b", "", "   ", "# nothing", "\n\n"]
        )
        + kind(
            "quotes and lines left open",
            because: "not closed",
            ["echo 'a", "echo \"a", "echo \"a\\", "ls 'a' 'b", "echo \"a\\\"", "cat a\"b c"]
        )
        + kind(
            "backslash at an end",
            because: "backslash",
            [
                "ls \\", "ls \\\nid", "l\\\ns", "echo \"a\\\nb\"", "cat a;\\\nid", "# a \\\nls", "ls #\\\nid", "ls \\é",
                "cat \\\u{1F600}",
            ]
        )

    static let characters =
        kind(
            "control characters",
            because: "control character",
            [
                "ls\u{0}", "ls \u{0}id", "ls\rid", "ls\r\nid", "ls \u{B}x", "ls \u{C}x", "echo \u{1B}[2J", "echo \u{7}",
                "ls\u{8}\u{8}",
                "echo \u{7F}", "echo \u{1}", "cat \u{88}", "echo \u{81}",
            ]
        )
        + kind(
            "unusual blanks and invisible letters",
            because: "control character or an unusual blank",
            [
                "ls\u{A0}-la", "ls\u{2003}x", "ls\u{3000}x", "ls\u{2028}id", "ls\u{2029}id", "ls\u{85}id", "ls\u{200B}",
                "cat \u{202E}txt.sh",
                "cat \u{2066}a\u{2069}", "ls \u{FEFF}", "ls \u{AD}", "cat a\u{200D}b", "echo \u{E000}", "ls \u{E0041}",
                "cat a\u{1680}b", "echo \u{34F}",
            ]
        )
        + kind(
            "length",
            because: "longer than",
            ["echo " + String(repeating: "a", count: 4092), String(repeating: "ls;", count: 2000) + "id"]
        )
        + kind("number", because: "more than", [String(repeating: "ls;", count: 65)])
}
