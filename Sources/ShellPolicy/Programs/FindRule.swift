/// `find`: its tests, and of its actions those that print.
enum FindRule {
    /// Tests, actions and operators without an argument.
    private static let plain: Set<String> = [
        "-a", "-and", "-o", "-or", "-not", "!", "(", ")", ",", "-depth", "-daystart", "-empty", "-executable", "-false",
        "-follow", "-ls", "-mount", "-nogroup", "-noleaf", "-nouser", "-print", "-print0", "-prune", "-quit",
        "-readable",
        "-true", "-writable", "-xdev", "-ignore_readdir_race",
    ]
    /// With one argument that is no path.
    private static let withText: Set<String> = [
        "-amin", "-atime", "-cmin", "-ctime", "-fstype", "-gid", "-group", "-ilname", "-iname", "-inum", "-ipath",
        "-iregex", "-links", "-lname", "-maxdepth", "-mindepth", "-mmin", "-mtime", "-name", "-newermt", "-path",
        "-perm",
        "-printf", "-regex", "-regextype", "-size", "-type", "-uid", "-used", "-user", "-wholename", "-xtype",
    ]
    /// With one argument that is a path.
    private static let withPath: Set<String> = ["-anewer", "-cnewer", "-newer", "-samefile"]

    static func check(_ words: ArraySlice<Word>, in places: Places) throws(Doubt) {
        var rest = words
        while let word = rest.first, ["-H", "-L", "-P"].contains(word.key) { rest.removeFirst() }
        var hasPath = false
        while let word = rest.first, !startsExpression(word) {
            hasPath = true
            try places.checkRead(word, .walks)
            rest.removeFirst()
        }
        if !hasPath { try places.checkCurrent(.walks) }
        while let word = rest.popFirst() {
            guard !word.isPattern else { throw Doubt("a pattern stands where find expects a test") }
            if plain.contains(word.key) { continue }
            let takesPath = withPath.contains(word.key)
            guard takesPath || withText.contains(word.key) else {
                throw Doubt("find is given \(Doubt.name(word)), which is no test known to only read")
            }
            guard let value = rest.popFirst(), !value.isPattern, isValue(value) else {
                throw Doubt("a test of find has no plain value")
            }
            if takesPath { try places.checkRead(value) }
        }
    }

    /// Whether find takes a word for the beginning of its tests; a pattern may become anything.
    private static func startsExpression(_ word: Word) -> Bool {
        if word.mayBeOption { return true }
        return word.key == "-" || ["(", ")", "!", ","].contains(word.key)
    }

    /// A number may be negative; other values that look like a test ask, so that none is hidden by a wrong arity here.
    private static func isValue(_ word: Word) -> Bool {
        word.bytes.first != UInt8(ascii: "-") || word.bytes.count > 1 && Word([word.bytes[1]]).isNumber
    }
}
