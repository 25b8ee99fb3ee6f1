import Foundation

/// One row of the table: milliseconds by percentile or one value, beside its floor and its goal.
struct Measure: Encodable {
    /// What is measured, and its budget.
    enum Figures {
        /// Milliseconds; the budgets are the most that each may be.
        case times(p50: Double, p95: Double, p99: Double)
        case value(Double, unit: String)
    }

    /// A bound on one figure.
    struct Bound {
        enum Figure: String { case p50, p95, p99, value = "" }
        var figure = Figure.value
        var isMost = true
        let number: Double

        var text: String {
            "\(figure.rawValue.isEmpty ? "" : figure.rawValue + " ")\(isMost ? "≤" : "≥") \(Measure.short(number))"
        }
    }

    let name: String
    let n: Int
    let figures: Figures
    /// The same figure of plain C: the median of times, or the value.
    let floor: Double?
    let bounds: [Bound]

    /// Takes samples in milliseconds.
    init(
        _ name: String,
        _ samples: [Double],
        floor: [Double] = [],
        p50: Double? = nil,
        p95: Double? = nil,
        p99: Double? = nil
    ) {
        let sorted = samples.sorted()
        self.name = name
        n = sorted.count
        figures = .times(
            p50: Self.percentile(sorted, 0.5),
            p95: Self.percentile(sorted, 0.95),
            p99: Self.percentile(sorted, 0.99)
        )
        self.floor = floor.isEmpty ? nil : Self.percentile(floor.sorted(), 0.5)
        bounds = [(Bound.Figure.p50, p50), (.p95, p95), (.p99, p99)].compactMap { figure, most in
            most.map { Bound(figure: figure, number: $0) }
        }
    }

    /// One value of `n` observations.
    init(
        _ name: String,
        _ value: Double,
        _ unit: String,
        n: Int,
        floor: Double? = nil,
        most: Double? = nil,
        least: Double? = nil
    ) {
        self.name = name
        self.n = n
        figures = .value(Self.rounded(value), unit: unit)
        self.floor = floor.map(Self.rounded)
        bounds = [most.map { Bound(number: $0) }, least.map { Bound(isMost: false, number: $0) }].compactMap(\.self)
    }

    /// The budget in words; nil for a row that is only reported.
    var goal: String? { bounds.isEmpty ? nil : bounds.map(\.text).joined(separator: ", ") }

    /// Whether every bound holds; nil without any.
    var isMet: Bool? {
        guard !bounds.isEmpty else { return nil }
        return bounds.allSatisfy { bound in
            guard let figure = figure(bound.figure) else { return false }
            return bound.isMost ? figure <= bound.number : figure >= bound.number
        }
    }

    private func figure(_ figure: Bound.Figure) -> Double? {
        switch (figures, figure) {
        case (.times(let p50, _, _), .p50): p50
        case (.times(_, let p95, _), .p95): p95
        case (.times(_, _, let p99), .p99): p99
        case (.value(let value, _), .value): value
        default: nil
        }
    }

    private static func percentile(_ sorted: [Double], _ part: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return rounded(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))])
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

// MARK: - JSON

extension Measure {
    enum CodingKeys: String, CodingKey {
        case name, n, floor, goal, met, value, unit
        case p50 = "p50_ms"
        case p95 = "p95_ms"
        case p99 = "p99_ms"
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, forKey: .name)
        try fields.encode(n, forKey: .n)
        switch figures {
        case .times(let p50, let p95, let p99):
            try fields.encode(p50, forKey: .p50)
            try fields.encode(p95, forKey: .p95)
            try fields.encode(p99, forKey: .p99)
        case .value(let value, let unit):
            try fields.encode(value, forKey: .value)
            try fields.encode(unit, forKey: .unit)
        }
        try fields.encode(floor, forKey: .floor)
        try fields.encodeIfPresent(goal, forKey: .goal)
        try fields.encodeIfPresent(isMet, forKey: .met)
    }
}

// MARK: - The table

extension Measure {
    static func printHead() {
        Swift.print("row                            n        p50       p95       p99     floor  ratio  goal")
    }

    func print() {
        var columns: [String]
        let figure: Double
        switch figures {
        case .times(let p50, let p95, let p99):
            columns = [p50, p95, p99].map(Self.short)
            figure = p50
        case .value(let value, let unit):
            columns = [Self.padded("\(Self.short(value)) \(unit)", 30, left: true)]
            figure = value
        }
        columns.append(floor.map(Self.short) ?? "-")
        let ratio = floor.map { $0 > 0 ? Self.short(figure / $0) : "-" } ?? "-"
        let cells = columns.map { Self.padded($0, 10, left: true) }.joined()
        let verdict = goal.map { "\($0): \(isMet == true ? "met" : "MISSED")" } ?? ""
        Swift.print(
            Self.padded(name, 24) + Self.padded("\(n)", 8, left: true) + cells + Self.padded(ratio, 7, left: true)
                + "  "
                + verdict
        )
        fflush(nil)
    }

    static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e7
            ? String(Int(value)) : String(format: abs(value) < 0.1 ? "%.3f" : abs(value) < 100 ? "%.2f" : "%.0f", value)
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }
}
