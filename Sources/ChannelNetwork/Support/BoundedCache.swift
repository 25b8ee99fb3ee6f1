/// Values by key, the oldest of which go when there are too many.
package struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let most: Int
    private var values: [Key: Value] = [:]
    private var order: [Key] = []

    package init(most: Int) { self.most = max(most, 2) }

    package var count: Int { values.count }

    package subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            guard let newValue else {
                if values.removeValue(forKey: key) != nil { order.removeAll { $0 == key } }
                return
            }
            if values.updateValue(newValue, forKey: key) == nil { order.append(key) }
            guard order.count > most else { return }
            // The older half at once, so that each new one costs nothing.
            for old in order.prefix(most / 2) { values[old] = nil }
            order.removeFirst(most / 2)
        }
    }
}
