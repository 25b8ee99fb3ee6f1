import Commands
import ControlProtocol
import Core
import Foundation
import Sandbox

/// Measures rows of the budget table (docs/benchmarks.md) and prints each beside its floor.
@main
struct Bench {
    static func main() async {
        do {
            try await run()
        } catch {
            FileHandle.standardError.write(Data("nanoclaw-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run() async throws {
        let options = try Options(Array(CommandLine.arguments.dropFirst()))
        var results: [Measure] = []
        for name in options.only {
            switch name {
            case .warmTurn: results.append(try await WarmTurn(options).run())
            case .coldTurn: results.append(try await ColdTurn(options).run())
            case .spawn: results.append(try await Spawn(options).run())
            }
        }
        Measure.printTable(results)
        if let file = options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(results).write(to: URL(filePath: file))
        }
    }
}

/// What to measure and where things are.
struct Options {
    enum Name: String, CaseIterable {
        case warmTurn = "warm-turn"
        case coldTurn = "cold-turn"
        case spawn
    }

    var only = Name.allCases
    var json: String?
    /// The directory of the three binaries.
    var binaries = ".build-dist"
    /// The compiled floor.c.
    var floor: String?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Usage("\(flag) needs a value") }
            switch flag {
            case "--only":
                only = try value.split(separator: ",").map {
                    guard let name = Name(rawValue: String($0)) else {
                        throw Usage(
                            "nothing is called \($0): choose of \(Name.allCases.map(\.rawValue).joined(separator: ","))"
                        )
                    }
                    return name
                }
            case "--json": json = value
            case "--binaries": binaries = value
            case "--floor": floor = value
            default: throw Usage("unknown flag \(flag)")
            }
        }
        binaries = URL(filePath: binaries).standardizedFileURL.path
    }

    struct Usage: Error, CustomStringConvertible {
        let description: String
        init(_ text: String) { description = text }
    }
}
