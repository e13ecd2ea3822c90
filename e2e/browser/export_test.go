package browser

import "time"

// Impatiently lets a step give up early, for tests of giving up. What leads there has all the time.
func Impatiently(step func()) {
	before := patience
	patience = time.Second
	defer func() { patience = before }()
	step()
}
