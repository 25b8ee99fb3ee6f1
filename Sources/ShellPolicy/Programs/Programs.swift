extension ProgramRule {
    /// The programs with a plain rule, by name: GNU coreutils, diffutils, grep; ripgrep; jq.
    ///
    /// Not here, because what they do is decided by files that the agent writes without asking (`HOME` is the workspace):
    /// `git` runs what `.git/config` and `.gitconfig` name (`core.fsmonitor`, pagers, diff drivers), `file` loads
    /// `~/.magic.mgc`. Not here, because they run, write or wait: `awk`, `sed`, `env`, `xargs`, `tee`, `less`, `tar`, …
    static let all: [String: ProgramRule] = reading.merging(comparing) { $1 }.merging(searching) { $1 }
        .merging(listing) { $1 }.merging(digests) { $1 }.merging(saying) { $1 }

    // MARK: - Contents of files

    private static let reading: [String: ProgramRule] = [
        "cat": ProgramRule(
            OptionTable(
                "AbeEnstTuv",
                long: "show-all number-nonblank show-ends number squeeze-blank show-tabs show-nonprinting"
            )
        ),
        "tac": ProgramRule(OptionTable("br", values: "s", long: "before regex separator=")),
        "nl": ProgramRule(OptionTable("p", values: "bdfhilnsvw")),
        "head": ProgramRule(
            OptionTable(
                "qvz",
                values: "nc",
                long: "lines= bytes= quiet silent verbose zero-terminated",
                hasNumbers: true
            )
        ),
        // Not -f, -F, --follow, --pid: they wait.
        "tail": ProgramRule(
            OptionTable(
                "qvz",
                values: "nc",
                long: "lines= bytes= quiet silent verbose zero-terminated",
                hasNumbers: true
            )
        ),
        // Not --files0-from here and below: it reads files whose names are nowhere to be seen.
        "wc": ProgramRule(OptionTable("cmlLw", long: "bytes chars lines max-line-length words")),
        // Not -o, --output, --compress-program, -T, --files0-from.
        "sort": ProgramRule(
            OptionTable(
                "bdfgiMhnRrVcCmsuz",
                values: "kt",
                long: "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting "
                    + "month-sort human-numeric-sort numeric-sort reverse version-sort check? merge stable unique "
                    + "zero-terminated key= field-separator= sort="
            )
        ),
        // The second operand is written to.
        "uniq": ProgramRule(
            OptionTable(
                "cdDiuz",
                values: "fsw",
                long: "count repeated unique ignore-case skip-fields= skip-chars= check-chars= zero-terminated"
            ),
            most: 1
        ),
        "cut": ProgramRule(
            OptionTable(
                "nsz",
                values: "bcdf",
                long:
                    "bytes= characters= delimiter= fields= complement only-delimited output-delimiter= zero-terminated"
            )
        ),
        "paste": ProgramRule(OptionTable("sz", values: "d", long: "delimiters= serial zero-terminated")),
        "fold": ProgramRule(OptionTable("bs", values: "w", long: "bytes spaces width=")),
        "od": ProgramRule(
            OptionTable("abcdfilosxv", values: "AjNt", long: "address-radix= skip-bytes= read-bytes= format=")
        ),
        "base64": ProgramRule(OptionTable("di", values: "w", long: "decode ignore-garbage wrap="), most: 1),
        "tr": ProgramRule(
            OptionTable("cCdst", long: "complement delete squeeze-repeats truncate-set1"),
            .text,
            most: 2
        ),
    ]

    // MARK: - Comparing

    private static let comparing: [String: ProgramRule] = [
        // Not -l, --paginate: it runs pr. Not --from-file, --to-file.
        "diff": ProgramRule(
            OptionTable(
                "abBcdeEHiNnpPqrsTtuwyZ",
                values: "CFILUWx",
                paths: "X",
                long: "normal brief report-identical-files context? unified? ed rcs side-by-side width= left-column "
                    + "suppress-common-lines show-c-function show-function-line= label= recursive no-dereference new-file "
                    + "unidirectional-new-file exclude= exclude-from=/ ignore-case ignore-tab-expansion "
                    + "ignore-trailing-space ignore-space-change ignore-all-space ignore-blank-lines text "
                    + "strip-trailing-cr minimal color?"
            ),
            most: 2,
            walk: .with(["r", "recursive"])
        ),
        "cmp": ProgramRule(
            OptionTable("bls", values: "in", long: "print-bytes ignore-initial= bytes= verbose quiet silent")
        ),
        "comm": ProgramRule(
            OptionTable("123z", long: "check-order nocheck-order output-delimiter= total zero-terminated")
        ),
        "join": ProgramRule(
            OptionTable("iz", values: "aejotv12", long: "ignore-case check-order nocheck-order header")
        ),
    ]

    // MARK: - Searching

    private static let searching: [String: ProgramRule] = [
        "grep": grep,
        // Not --pre, --hostname-bin, -z, --search-zip, --hyperlink-format: they run programs.
        "rg": ProgramRule(
            OptionTable(
                "0.acFHhIiLlNnoPpqSsUuvwx",
                values: "ABCEMTdegjmrt",
                paths: "f",
                long: "null hidden no-hidden text count count-matches fixed-strings with-filename no-filename "
                    + "ignore-case follow files-with-matches files-without-match no-line-number line-number "
                    + "only-matching pcre2 pretty quiet smart-case case-sensitive multiline multiline-dotall "
                    + "unrestricted invert-match word-regexp line-regexp after-context= before-context= context= "
                    + "max-columns= type= type-not= type-list max-depth= glob= iglob= max-count= replace= files json "
                    + "stats sort= sortr= no-ignore no-ignore-vcs no-ignore-parent no-config heading no-heading column "
                    + "no-column vimgrep trim max-filesize= color= colors= one-file-system no-messages file=/ regexp="
            ),
            .patternThenPaths(unless: ["e", "f", "regexp", "file", "files", "type-list"]),
            walk: .always
        ),
        "jq": ProgramRule(
            OptionTable(
                "acCeMnrRsSj",
                long: "ascii-output compact-output color-output exit-status monochrome-output null-input raw-input "
                    + "raw-output slurp sort-keys join-output tab indent= seq stream"
            ),
            .patternThenPaths(unless: [])
        ),
    ]

    private static let grep = ProgramRule(
        OptionTable(
            "abcEFGHhiLlnoPqRrsTUvwxyZz",
            values: "ABCem",
            paths: "f",
            long: "extended-regexp fixed-strings basic-regexp perl-regexp regexp= file=/ ignore-case no-ignore-case "
                + "invert-match word-regexp line-regexp count color? colour? files-without-match files-with-matches "
                + "max-count= only-matching quiet silent no-messages byte-offset with-filename no-filename label= "
                + "line-number initial-tab null after-context= before-context= context= text exclude= exclude-dir= "
                + "include= exclude-from=/ recursive dereference-recursive line-buffered null-data binary-files=",
            hasNumbers: true
        ),
        .patternThenPaths(unless: ["e", "f", "regexp", "file"]),
        walk: .with(["r", "R", "recursive", "dereference-recursive"])
    )

    // MARK: - Names, sizes, times

    private static let listing: [String: ProgramRule] = [
        "ls": ProgramRule(
            OptionTable(
                "1AabBCcdfFGghHiklLmnNopqQrRsStuUvxXZ",
                values: "ITw",
                long: "all almost-all author escape block-size= ignore-backups color? directory classify? "
                    + "file-type format= full-time group-directories-first no-group human-readable si dereference "
                    + "dereference-command-line hide= indicator-style= inode ignore= kibibytes numeric-uid-gid literal "
                    + "hide-control-chars show-control-chars quote-name quoting-style= reverse recursive size sort= "
                    + "time= time-style= tabsize= width= context zero"
            ),
            walk: .with(["R", "recursive"])
        ),
        "stat": ProgramRule(OptionTable("Lft", values: "c", long: "dereference file-system terse format= printf=")),
        "du": ProgramRule(
            OptionTable(
                "0abcDHhkLlmPSsx",
                values: "Bdt",
                paths: "X",
                long: "null all apparent-size bytes total dereference-args human-readable inodes count-links "
                    + "dereference no-dereference separate-dirs si summarize one-file-system block-size= max-depth= "
                    + "threshold= exclude= exclude-from=/ time? time-style="
            ),
            walk: .always
        ),
        "df": ProgramRule(
            OptionTable(
                "ahHiklPTv",
                values: "Btx",
                long: "all human-readable si inodes local portability print-type block-size= type= exclude-type= total "
                    + "output?"
            )
        ),
        "basename": ProgramRule(OptionTable("az", values: "s", long: "multiple zero suffix="), .text),
        "dirname": ProgramRule(OptionTable("z", long: "zero"), .text),
        "realpath": ProgramRule(
            OptionTable(
                "ELPemqsz",
                long: "canonicalize-existing canonicalize-missing logical physical quiet strip no-symlinks zero "
                    + "relative-to=/ relative-base=/"
            )
        ),
        "readlink": ProgramRule(
            OptionTable(
                "efmnqsvz",
                long: "canonicalize canonicalize-existing canonicalize-missing no-newline quiet silent verbose zero"
            )
        ),
        "pwd": ProgramRule(OptionTable("LP"), .none),
    ]

    // MARK: - Digests

    private static let digests: [String: ProgramRule] = Dictionary(
        uniqueKeysWithValues: ["md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum"].map {
            ($0, digest)
        }
    )

    // With -c it says of each file that a list names only whether it is as it was.
    private static let digest = ProgramRule(
        OptionTable(
            "bctwz",
            long: "binary check text tag zero ignore-missing quiet status strict warn"
        )
    )

    // MARK: - What reads no file

    private static let saying: [String: ProgramRule] = [
        "true": ProgramRule(OptionTable(), .text),
        "false": ProgramRule(OptionTable(), .text),
        "sleep": ProgramRule(OptionTable(), .text),
        "seq": ProgramRule(
            OptionTable("w", values: "fs", long: "format= separator= equal-width", hasNegativeOperands: true),
            .text,
            most: 3
        ),
        // Not -s, --set, nor -f, --file, which reads a file and shows its lines in complaints.
        "date": ProgramRule(
            OptionTable(
                "uR",
                values: "d",
                paths: "r",
                attached: "I",
                long: "date= iso-8601? rfc-email rfc-3339= reference=/ universal utc"
            ),
            .clockFormat,
            most: 1
        ),
        "id": ProgramRule(OptionTable("agGnruz", long: "group groups name real user zero"), .text),
        "whoami": ProgramRule(OptionTable(), .none),
        "uname": ProgramRule(
            OptionTable(
                "asnrvmpio",
                long: "all kernel-name nodename kernel-release kernel-version machine operating-system"
            ),
            .none
        ),
        "nproc": ProgramRule(OptionTable(long: "all"), .none),
    ]
}
