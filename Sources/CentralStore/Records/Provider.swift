package import Core
import GRDB

/// `providers`: a model server; its key is in `data/credentials/<name>`, never here.
package struct Provider: CentralRecord {
    package static let databaseTableName = "providers"

    /// Also the path on the runner's listener; of the form of an id, and not `offline`.
    package var name: String
    package var kind: ProviderKind
    /// What that kind's official SDK takes.
    package var baseURL: String
    package var model: String
    package var createdAt: Timestamp

    package init(name: String, kind: ProviderKind, baseURL: String, model: String, createdAt: Timestamp) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.model = model
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case name, kind
        case baseURL = "base_url"
        case model
        case createdAt = "created_at"
    }
}
