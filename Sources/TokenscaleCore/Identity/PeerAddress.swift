/// The network address a request came from, as text without a port: `10.4.0.17`, `fd00::11`.
///
/// Made once per connection; comparing and passing it allocates nothing.
package struct PeerAddress: Hashable, Sendable {
    package var text: String

    package init(text: String) { self.text = text }
}
