/// Options that do more than read.
extension Bypass {
    static let options =
        kind(
            "sort, uniq, date and others write",
            because: "is given",
            [
                "sort -o out data.csv", "sort -oout data.csv", "sort data.csv -o data.csv", "sort -no out x",
                "sort --output=out x", "sort --output out x",
                "sort --out=out x", "sort --o=x y", "sort -uo out x", "sort '-o' out x", "sort -\\o out x",
                "sort \"-o\"out x", "sort -k1,1 -o x y", "sort -k1 -rno x y",
                "sort --compress-program=sh x", "sort --comp=sh x", "sort --compress-program sh x",
                "sort -S1 --compress-prog=./x y", "sort -T . x", "sort -T/etc x",
                "sort --temporary-directory=. x", "sort --files0-from=x", "sort --files0-from x", "sort -ro x -- y",
                "sort --random-source=x y",
                "uniq data.csv out", "uniq -c data.csv out", "uniq -- a b", "uniq a -- b", "uniq - out",
                "uniq -f 1 a b", "uniq ./a*", "uniq +1 a", "uniq -1 a",
                "date -s 2020-01-01", "date --set=x", "date --se=x", "date --set x", "date -us x",
                "date -f /proc/self/environ", "date --file=x", "date -uf x",
                "wc --files0-from=x", "du --files0-from=x", "tail -f x", "tail -F x", "tail --follow=name x",
                "tail --pid=1 -f x", "tail -5f x", "head --byt=1 x",
                "diff -l a b", "diff --paginate a b", "diff -rl a b", "diff --to-file=x y", "diff a b c",
                "diff --pag a b", "cat --help-me x", "cat -o x", "cut --output=x y",
                "ls --dired-out=x", "ls -la --hyperlink=always", "stat --cached=never x", "base64 a b", "tr a b c",
                "seq 1 2 3 4", "id --context", "uname -x", "pwd x", "whoami x",
                "md5sum --files x", "df --sync", "realpath -x y", "nl --out x", "paste -o x", "join -x a b",
                "date -I -s x", "cmp --output a b", "comm --out x y",
            ]
        )
        + kind(
            "date sets the clock",
            because: "clock",
            ["date 010100002020", "date -u 01010000", "date -- 0101", "date ''", "date -d now 01010000"]
        )
        + kind(
            "options without a plain value",
            because: "no plain value",
            [
                "sort -k -o out", "sort -t -o x", "head -n -o x", "grep -e -x y", "grep -A -r x", "cut -d * -f1",
                "cut -f", "sort -k", "head -n ?", "find . -name", "find . -newer -exec", "find . -name *.txt",
                "find . -type -delete",
            ]
        )
        + kind(
            "find",
            because: "find",
            [
                "find . -exec rm x ;", "find . -exec rm + ", "find . -exec sh -c id \\;", "find . -execdir id \\;",
                "find . -ok id \\;", "find . -okdir id \\;",
                "find . -delete", "find . -name x -delete", "find . -fls out", "find . -fprint out",
                "find . -fprint0 out", "find . -fprintf out %p", "find -delete", "find -exec id \\;",
                "find . '-delete'", "find . -\\delete", "find . -files0-from x", "find -files0-from x",
                "find . \\( -delete \\)", "find . ! -delete", "find . , -delete",
                "find . -name x -o -exec id \\;", "find -D exec .", "find -Oexec .", "find . -EXEC id",
                "find . -exe id", "find . x -unknown", "find -H -exec id \\;", "find * -print",
                "find . -printf %p -fprintf x y", "find . -context x", "find . -print *", "find -- -delete",
                "find - -delete", "find . -newerXY x",
            ]
        )
        + kind(
            "ripgrep runs programs",
            because: "rg is given",
            [
                "rg --pre id x", "rg --pre=./x y", "rg --pre-glob=x y", "rg --hostname-bin=./x --hyperlink-format=x y",
                "rg --hostname-bin ./x y", "rg -z x", "rg --search-zip x", "rg -nz x", "rg --ignore-file=x y",
                "rg --type-add=x y", "rg --generate=man", "rg x . --pre id",
            ]
        )
        + kind(
            "grep and jq",
            because: "is given",
            [
                "grep --fil=x y", "grep -X x y", "grep --dev=read x", "grep -D read x y", "jq -f x y",
                "jq --from-file x", "jq --arg a b . x", "jq --rawfile a /proc/self/environ .", "jq -L . x y",
                "jq --slurpfile a b .",
            ]
        )
        + kind(
            "printf sets variables",
            because: "printf",
            [
                "printf '%n' PATH", "printf 'abc%n' PATH; ls", "printf -v PATH .", "printf -vPATH .",
                "printf '%ln' PATH", "printf '%*n' 1 PATH", "printf '%1n' PATH", "printf '%' x", "printf '%q' x",
                "printf '%(%F)T'", "printf '%%%n' PATH", "printf '%s%hhn' a PATH", "printf -- '%n' PATH", "printf * x",
                "printf \"%n\" PATH", "printf -v 'a[0]' x", "printf '%-08n' PATH", "printf '%5$n' x",
            ]
        )
        + kind(
            "test evaluates",
            because: "plain comparison",
            [
                "test -v 'a[$(id)]'", "[ -v 'a[$(id)]' ]", "test -R x", "test ! -v 'a[$(id)]'",
                "[ x -a -v 'a[$(id)]' ]", "test -o x", "test x -o -v y", "[ -t 0 ]", "test", "[ ]", "[ x", "[ x ] y",
                "[ -f x",
                "test \\( -v x \\)", "test a == b", "test -v", "[ ! -v ]", "test a '<' b", "test -N x", "test *",
                "[ -n * ]", "test a = b -a -v c", "[ -f a -o -f b ]", "test a -xx b", "test 'a[$(id)]' -gt",
            ]
        )
}
