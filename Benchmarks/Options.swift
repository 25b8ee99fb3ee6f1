import Foundation

/// What to measure and where things are.
struct Options {
    enum Name: String, CaseIterable {
        case warmTurn = "warm-turn"
        case warmTurnModel = "warm-turn-model"
        case coldTurn = "cold-turn"
        case spawn, idle, throughput, rest, live, soak

        /// Minutes of work, a gigabyte of memory or more: only when they are asked for.
        var isLong: Bool { [.live, .soak].contains(self) }
    }

    var only = Name.allCases.filter { !$0.isLong }
    var json: String?
    /// A tenth of the repetitions: whether a row comes out, not what it says.
    var isQuick = false
    /// A missed goal is a failure.
    var isStrict = false
    /// Sessions of `rest` and `live`.
    var sessions: Int?
    /// Messages of `soak`.
    var messages = 100_000
    /// The directory of the three binaries.
    var binaries = ".build-dist"
    /// The compiled programs of Benchmarks/Floor.
    var floor = ".build-host"
    /// The migrations, for the floor's databases.
    var schemas = "migrations"

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            switch flag {
            case "--quick": isQuick = true
            case "--strict": isStrict = true
            default:
                guard let value = rest.popFirst() else { throw Usage("\(flag) needs a value") }
                try set(flag, value)
            }
        }
        binaries = Self.absolute(binaries)
        floor = Self.absolute(floor)
        schemas = Self.absolute(schemas)
    }

    private mutating func set(_ flag: String, _ value: String) throws {
        switch flag {
        case "--only": only = try value.split(separator: ",").map { try Self.name(String($0)) }
        case "--json": json = value
        case "--sessions": sessions = try Self.number(flag, value)
        case "--messages": messages = try Self.number(flag, value)
        case "--binaries": binaries = value
        case "--floor": floor = value
        case "--schemas": schemas = value
        default: throw Usage("unknown flag \(flag)")
        }
    }

    private static func name(_ text: String) throws -> Name {
        guard let name = Name(rawValue: text) else {
            throw Usage("nothing is called \(text): choose of \(Name.allCases.map(\.rawValue).joined(separator: ","))")
        }
        return name
    }

    private static func number(_ flag: String, _ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw Usage("\(flag): \(text) is no number above 0") }
        return number
    }

    private static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }

    struct Usage: Error, CustomStringConvertible {
        let description: String
        init(_ text: String) { description = text }
    }
}
