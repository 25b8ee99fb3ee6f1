import Foundation

/// One row of the table: milliseconds by percentile, beside the floor's median.
struct Measure: Encodable {
    let name: String
    let n: Int
    let p50: Double
    let p95: Double
    let p99: Double
    let floor: Double?

    enum CodingKeys: String, CodingKey {
        case name, n, floor
        case p50 = "p50_ms"
        case p95 = "p95_ms"
        case p99 = "p99_ms"
    }

    /// Takes the samples in milliseconds.
    init(_ name: String, _ samples: [Double], floor: [Double]) {
        let sorted = samples.sorted()
        self.name = name
        n = sorted.count
        p50 = Self.percentile(sorted, 0.5)
        p95 = Self.percentile(sorted, 0.95)
        p99 = Self.percentile(sorted, 0.99)
        self.floor = floor.isEmpty ? nil : Self.percentile(floor.sorted(), 0.5)
    }

    private static func percentile(_ sorted: [Double], _ part: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let value = sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
        return (value * 1000).rounded() / 1000
    }

    static func printTable(_ rows: [Measure]) {
        func cell(_ value: Double?, _ width: Int) -> String {
            let text = value.map { String(format: "%.2f", $0) } ?? "-"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        print("                       n     p50     p95     p99   floor  ratio   (ms; floor: p50 in plain C)")
        for row in rows {
            let name = row.name.padding(toLength: 20, withPad: " ", startingAt: 0)
            let count = String(repeating: " ", count: max(0, 4 - "\(row.n)".count)) + "\(row.n)"
            print(
                name + count + cell(row.p50, 8) + cell(row.p95, 8) + cell(row.p99, 8) + cell(row.floor, 8)
                    + cell(row.floor.map { row.p50 / $0 }, 7)
            )
        }
    }
}

/// The samples that floor.c prints.
func floorSamples(_ options: Options, _ arguments: [String]) throws -> [Double] {
    guard let floor = options.floor else { return [] }
    let process = Process()
    process.executableURL = URL(filePath: floor)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: "\n").compactMap { Double($0) }
}
