-- One history for SQLite and PostgreSQL: BIGINT milliseconds for times, TEXT for ids and states.

CREATE TABLE conversation (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    customer_name TEXT,
    customer_email TEXT,
    -- whom the site has vouched for, none if for nobody; and 1 where its word is also the name or the email
    customer_id TEXT,
    vouches_name BIGINT NOT NULL,
    vouches_email BIGINT NOT NULL,
    topic TEXT NOT NULL,
    desk TEXT NOT NULL,
    -- none, wanted, open
    thread TEXT NOT NULL,
    thread_key TEXT UNIQUE,
    -- what of ours may still turn up there: none, posts, card; sent since when, and looked for how often
    doubt TEXT NOT NULL,
    doubt_since BIGINT NOT NULL,
    doubt_looks BIGINT NOT NULL,
    -- 1 when an earlier thread was deleted
    continued BIGINT NOT NULL,
    -- fresh, awaiting_agent, answered, resolved, closed
    standing TEXT NOT NULL,
    standing_since BIGINT NOT NULL,
    -- resolved, closed: by whom, and how the customer found it: none (not asked), 0 (asked), 1 to 5 stars
    resolved_id TEXT,
    resolved_name TEXT,
    resolved_picture TEXT,
    rating BIGINT,
    -- the promise to answer later: given when, for when, and what goes first: urgent, high, normal, low
    ticket_since BIGINT,
    ticket_due BIGINT,
    ticket_priority TEXT,
    -- since when the customer, who waits, is not at the chat; and when it becomes a ticket by itself
    left_since BIGINT,
    patience_due BIGINT,
    -- how many steps of the ladder were taken, until when it rests, who says so and why, and when the next is due
    climb_taken BIGINT NOT NULL,
    rest_until BIGINT,
    rest_by TEXT,
    rest_reason TEXT,
    step_due BIGINT,
    claimed_id TEXT,
    claimed_name TEXT,
    claimed_picture TEXT,
    last_seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    received BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    -- when the thread is told that replies wait for the customer's browser, and the last change of which it was
    receipt_due BIGINT,
    waits BIGINT NOT NULL,
    -- when what the customer has not seen goes by email, and since when the first of it waits; the number of the
    -- letter with answers that is under way, the last change that went out by email, the address from which
    -- letters come back, and 1 when he was told by email of the ticket
    letter_due BIGINT,
    letter_since BIGINT,
    letter_under_way BIGINT,
    emailed BIGINT NOT NULL,
    undeliverable TEXT,
    ticket_told BIGINT NOT NULL,
    -- the last change of what the card shows, and the last one that the card at the desk shows
    card_rev BIGINT NOT NULL,
    card_shown BIGINT NOT NULL,
    last_stamp BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
-- What agents look up: what waits, longest first, and what somebody has.
CREATE INDEX conversation_waiting ON conversation (standing_since) WHERE standing = 'awaiting_agent';
CREATE INDEX conversation_claimed ON conversation (claimed_id) WHERE claimed_id IS NOT NULL;

-- Only what is waited for: few at a time, and none of a customer who is there stays in it.
CREATE INDEX conversation_receipt_due ON conversation (receipt_due) WHERE receipt_due IS NOT NULL;

CREATE INDEX conversation_patience_due ON conversation (patience_due) WHERE patience_due IS NOT NULL;
CREATE INDEX conversation_resolved ON conversation (standing_since) WHERE standing = 'resolved';
CREATE INDEX conversation_step_due ON conversation (step_due) WHERE step_due IS NOT NULL;
CREATE INDEX conversation_letter_due ON conversation (letter_due) WHERE letter_due IS NOT NULL;

-- Those in which nothing was written, to be forgotten.
CREATE INDEX conversation_unwritten ON conversation (created_at) WHERE last_seq = 0;

-- What began lately, to say how soon is answered.
CREATE INDEX conversation_created ON conversation (created_at);

CREATE INDEX conversation_customer ON conversation (customer_id) WHERE customer_id IS NOT NULL;

-- What opens a conversation to its customer, one for each of his browsers.
CREATE TABLE token (
    -- SHA-256 of the token, in hex
    hash TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversation (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX token_conversation ON token (conversation);

-- What is known besides what was written, as JSON: only ever read and written whole, for a card.
CREATE TABLE context (
    conversation TEXT PRIMARY KEY REFERENCES conversation (id),
    known TEXT NOT NULL
);

CREATE TABLE message (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    place_seq BIGINT NOT NULL,
    place_stamp BIGINT NOT NULL,
    -- what makes it the same message when it comes again
    key TEXT NOT NULL UNIQUE,
    -- customer, bot, reply, saved, preview, note, deed, letter, set
    kind TEXT NOT NULL,
    -- customer and bot: waiting, late, posted, refused; reply and saved: held, shown, reworded, withdrawn,
    -- discarded; preview: unseen, seen, sent, cancelled, replaced; letter: waiting, posted (at the mail server),
    -- refused, bounced, needless; else none
    stage TEXT NOT NULL,
    -- waiting, late, refused: pieces posted; posted, held: a time; shown, reworded: the first rev
    stage_number BIGINT NOT NULL,
    stage_why TEXT,
    agent_id TEXT,
    agent_name TEXT,
    agent_picture TEXT,
    post_stamp BIGINT,
    edited BIGINT,
    body TEXT NOT NULL,
    -- the files of the message and what became of each; none when it has no files
    files TEXT,
    -- saved, preview: what the reply is called
    saved TEXT,
    -- saved: how far it is on its way to the desk, as JSON
    at_desk TEXT,
    -- letter: to whom and about what, as JSON; customer: of what he wrote by email, what is known besides
    letter TEXT,
    at BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    -- bot: the number of the message that was given up and can be tried again
    retry_of BIGINT,
    -- bot: who of the team is called by it, one a line
    calls TEXT,
    UNIQUE (conversation, seq)
);
CREATE INDEX message_rev ON message (conversation, rev) WHERE rev > 0;
CREATE INDEX message_held ON message (conversation) WHERE stage = 'held';
CREATE INDEX message_preview ON message (conversation) WHERE stage IN ('unseen', 'seen');

-- Effects that wait to be carried out at a desk.
CREATE TABLE outbox (
    conversation TEXT NOT NULL,
    -- open, post, fetch, card, received, seen, waiting, emailed, arrived, tell, preview, take_back, point, way
    kind TEXT NOT NULL,
    -- the number of the message it is about, 0 for open and card; take_back, point: the stamp of the post
    seq BIGINT NOT NULL,
    desk TEXT NOT NULL,
    -- received, seen, waiting, emailed, arrived, take_back, point: the post; tell, preview, way: the person
    target TEXT,
    -- tell, preview: the words, as a body
    words TEXT,
    -- way: where he wrote
    thread TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (conversation, kind, seq)
);
CREATE INDEX outbox_desk ON outbox (desk, at);

-- Letters that wait to be sent: when next, and how often it was tried.
CREATE TABLE letter (
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    due BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX letter_due ON letter (due);

-- Files whose bytes are here, in the folder of files under their hash.
CREATE TABLE file (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversation (id),
    -- what makes it the same file when it is uploaded again
    key TEXT NOT NULL UNIQUE,
    -- the message or the practice desk's post that it is part of; none until one is
    owner TEXT,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    hash TEXT NOT NULL,
    -- for a picture that can be shown
    width BIGINT,
    height BIGINT,
    thumbnail TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX file_conversation ON file (conversation, at);
CREATE INDEX file_unowned ON file (at) WHERE owner IS NULL;
CREATE INDEX file_hash ON file (hash);
CREATE INDEX file_thumbnail ON file (thumbnail) WHERE thumbnail IS NOT NULL;

-- Who answers at a desk: what he said of himself last, and what the platform says of him.
CREATE TABLE roster (
    desk TEXT NOT NULL,
    agent TEXT NOT NULL,
    name TEXT NOT NULL,
    picture TEXT,
    -- in, out, missed (out, because nobody answered a chat that he had); none while he said nothing
    sign TEXT,
    sign_at BIGINT,
    -- 1 while the platform shows him as active, 0 while it does not; none where it was not asked
    active BIGINT,
    active_at BIGINT,
    PRIMARY KEY (desk, agent)
);

-- Up to when the firings of each reminder were carried out.
CREATE TABLE reminder (
    name TEXT PRIMARY KEY,
    done BIGINT NOT NULL
);

-- Replies that are held, and until when.
CREATE TABLE hold (
    message TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    -- since when, and until when
    at BIGINT NOT NULL,
    due BIGINT NOT NULL
);
CREATE INDEX hold_due ON hold (due);

-- When it is looked again what of a conversation is at its desk.
CREATE TABLE look (
    conversation TEXT PRIMARY KEY,
    desk TEXT NOT NULL,
    due BIGINT NOT NULL
);
CREATE INDEX look_due ON look (desk, due);

-- Threads in which a conversation is not any more; what people write there still concerns it.
CREATE TABLE former_thread (
    thread_key TEXT PRIMARY KEY,
    conversation TEXT NOT NULL
);

-- What platforms sent, to the letter, kept before it was acknowledged.
CREATE TABLE frame (
    platform TEXT NOT NULL,
    key TEXT NOT NULL,
    raw TEXT NOT NULL,
    at BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (platform, key)
);
CREATE INDEX frame_unread ON frame (platform, at) WHERE read_at IS NULL;
CREATE INDEX frame_read ON frame (read_at) WHERE read_at IS NOT NULL;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
-- The first conversation is #1001: a number that reads as one.
INSERT INTO counter (name, value) VALUES ('conversation', 1000);

-- Whoever books a session locks this row first.
INSERT INTO counter (name, value) VALUES ('book', 0);

-- Times of engineers that are kept for customers.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    -- what makes it the same wish when it comes again
    key TEXT NOT NULL,
    engineer TEXT NOT NULL,
    opens BIGINT NOT NULL,
    closes BIGINT NOT NULL,
    -- held, booked, cancelled, done, missed; a held one until when, a booked one since when, else 0
    stage TEXT NOT NULL,
    stage_at BIGINT NOT NULL,
    -- cancelled, done, missed: by whom; none for the customer
    by_id TEXT,
    by_name TEXT,
    by_picture TEXT,
    -- the SEQUENCE of the invitation
    revision BIGINT NOT NULL,
    -- 1 when the customer, who did not come, was asked for a new time
    asked_again BIGINT NOT NULL,
    -- when something is still to be said before it, with blanks between, and the first of these
    told_at TEXT NOT NULL,
    due BIGINT
);
-- The last fence against giving a time away twice.
CREATE UNIQUE INDEX session_time ON session (engineer, opens) WHERE stage IN ('held', 'booked');
CREATE INDEX session_conversation ON session (conversation);
CREATE INDEX session_closes ON session (closes);
CREATE INDEX session_due ON session (due) WHERE due IS NOT NULL;
CREATE INDEX session_held ON session (stage_at) WHERE stage = 'held';

-- The practice desk's own posts: it is a platform of its own, in the same file.
CREATE TABLE practice_post (
    conversation TEXT NOT NULL,
    post BIGINT NOT NULL,
    -- card, customer, agent, bot, private
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    person TEXT,
    body TEXT NOT NULL,
    files TEXT,
    -- our delivery id, so that a repeated delivery is one post
    delivery TEXT UNIQUE,
    -- the number of the message that a Retry under the post tries again
    retry_of BIGINT,
    edited BIGINT,
    deleted BIGINT NOT NULL,
    received BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    emailed BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (conversation, post)
);
