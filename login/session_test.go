package login_test

import "net/http"

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
