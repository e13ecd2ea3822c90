// Package conformance holds the modules of the OpenID Foundation's conformance plans as black-box tests: Config OP, Basic OP,
// Form Post OP, RP-Initiated Logout OP and Back-Channel Logout OP. Each module is named as the suite names it, without the
// prefix "oidcc-", and knows a provider by its HTTP alone.
//
// A test of a test: the same modules run against three providers.
//
//	TestVestibule             everything must hold
//	TestAnIndependentProvider another certified implementation, started with Node.js: the modules themselves are right
//	TestTheBareLibrary        the example server that comes with zitadel/oidc: the modules can fail, and where they must
//
// It is not a certificate. The suite proper needs a browser it steers itself and addresses the public can reach.
package conformance
