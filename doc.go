// Package vestibule is the root of Vestibule, an OpenID Connect provider whose
// two-factor authentication is switched on per account and proven per login
// session. It holds no code, only the tests that keep the house in order: which
// folder may import which, and how long a function may grow. The program is in
// cmd/vestibule; whoever wants to read how it thinks begins with identity.
package vestibule
