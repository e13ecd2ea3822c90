package identity

import "time"

// Letter is an e-mail in the outbox: written in the transaction of the act it tells about,
// delivered later. Subject, Text and HTML are sealed while it waits, because they may carry a
// link, and are emptied once it has been sent or given up.
type Letter struct {
	ID        string // also the Message-ID, so that a second delivery can be recognised
	UserID    UserID
	Kind      string
	To        string
	Subject   string
	Text      string
	HTML      string
	CreatedAt time.Time
	NextTryAt time.Time
	Tries     int
	SentAt    time.Time
	DeadAt    time.Time // given up; visible to operators
	// Unreadable says that Subject, Text and HTML could not be unsealed and are empty here.
	Unreadable bool
}

// letterRetries is how long a letter waits after each failed delivery.
var letterRetries = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// DeliveryFailed plans the next try, or gives the letter up after the last one or when the
// refusal was permanent.
func (l *Letter) DeliveryFailed(permanent bool, now time.Time) {
	if permanent || l.Tries >= len(letterRetries) {
		l.DeadAt = now
	} else {
		l.NextTryAt = now.Add(letterRetries[l.Tries])
	}
	l.Tries++
}

// LettersWait returns how long it takes until whoever is no operator may have another letter of a kind written to a person, given when the
// last [EnrollmentsADay] were, the newest first: nobody is flooded with letters by others.
func LettersWait(sent []time.Time, now time.Time) time.Duration {
	return resendWait(sent, func(at time.Time) time.Time { return at }, now)
}

// LettersSpent reports whether a person has had all letters of a kind that whoever is no operator may have written to them in a day.
func LettersSpent(sent []time.Time, now time.Time) bool {
	return len(sent) >= EnrollmentsADay && now.Before(sent[EnrollmentsADay-1].Add(24*time.Hour))
}
