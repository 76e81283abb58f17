// Limits of the media room, each with its reason.

// --- channel between the main process and a worker

/** Largest message, as estimated in bytes: a `say` of some thousand characters and a long playlist fit well; more is a mistake of the caller. */
export const maxMessageBytes = 256 * 1024;
/** Questions that may wait for an answer from one worker: several per port of a full worker. More means that it has stopped answering. */
export const maxPendingAsks = 20_000;

// --- pool

/** A released RTP port rests this long, so that late packets of the old call are not heard in a new one. */
export const portQuarantineMs = 5000;
/** Port pairs tried for one `open` when others on this machine hold them: a tenth of a millisecond each. */
export const openAttempts = 100;
/** A call that comes while its worker is being replaced waits this long for the next one: it takes a third of a second, on a busy machine a whole one. */
export const openWaitMs = 2000;
/** A worker reports this often: liveness, counts, and where each port's output stands. */
export const beatMs = 500;
/** A worker is dead after so many reports have failed to come: 4 s, longer than any honest stall. A killed one is noticed at once by its exit. */
export const missedBeats = 8;
/** The first start of a worker that died is at once; the next within `restartCalmMs` waits this long, doubling up to the maximum. */
export const restartDelayMs = 200;
export const restartDelayMaxMs = 10_000;
export const restartCalmMs = 30_000;
/** A port that has outlived so many workers within `restartCalmMs` may be what kills them: it is given up. */
export const maxRestores = 3;
/** Time that a worker has to answer everything when it is asked to close; it is killed then. */
export const closeTimeoutMs = 2000;
/** Packets skipped in the sequence of a restored port, beyond what time says were sent: room for clock differences, small to every jitter buffer. */
export const restoreJumpPackets = 5;

// --- pacing

/** Legs are spread over slots of this length. Every ptime is a multiple of it. */
export const slotMs = 5;
/** Slots from which the least crowded is chosen when a leg's frames should follow another's packets: each costs 5 ms of delay. */
export const seatChoiceSlots = 2;
/** A packet that leaves more than this after its deadline is counted as late. */
export const lateMs = 10;
/** After a stall a leg sends at most this many overdue packets at once; what is older is skipped: the timestamp jumps, the sequence and the audio do not. */
export const catchUpPackets = 2;
/** Longest and shortest packet time that we send, ms. */
export const minPtimeMs = 10;
export const maxPtimeMs = 60;

// --- a port

/** Largest datagram taken: 60 ms of the widest codec with room for extensions. Larger is not speech. */
export const maxRtpBytes = 1500;
/** Kernel receive buffer of an RTP socket: a second of packets at their accounting size, for when the loop stalls. */
export const rtpReceiveBufferBytes = 128 * 1024;
/** Silence from the latched source after which another one may take its place. */
export const relatchAfterMs = 3000;
/** For so long after SDP named another address the old source may still be heard: what is under way, and the time that a far end takes. */
export const movingMs = 500;
/** Mean time between RTCP reports; each is randomised by half (RFC 3550 6.2, 6.3.1). */
export const rtcpIntervalMs = 5000;
/** Digits and pauses of one `sendDigits`. */
export const maxDigits = 256;
/** Calls of `sendDigits` that may wait for the ones before them when digits are tones; as events they have the rtp room's limit. */
export const maxDigitStrings = 32;
/** A digit of another leg sounds at least so long in the audio (ITU-T Q.24 lets a receiver demand 40 ms), and at most so long. */
export const heldToneMinMs = 60;
export const maxHeldToneMs = 8000;
/** Length of the digits' tones and of the gap when they are sent in the audio. */
export const inbandGapMs = 60;

// --- mouth

/** A cut fades out, and what resumes in the middle fades in, over this long: no click, and at once for the ear. */
export const fadeMs = 5;
/** A step between two pieces of audio up to this (sample magnitude) is joined as it is; larger ones are smoothed over `fadeMs`. */
export const joinStep = 400;
/** So is one at which the waveform bends at most this many times as much as within `fadeMs` of it: the pieces meet, and it is their slope. */
export const joinBend = 1.5;
/** Sources of one playback. */
export const maxSources = 200;
/** Loudest sample that a boost makes: 0.2 dB below the top, room for what the codec rounds. */
export const limiterCeiling = 32_000;
/** A boost gives way within this long to what would be too loud, and comes back by this share of what is missing with each frame (0.2 s for two thirds). */
export const limiterAttackMs = 2;
export const limiterRelease = 0.1;
/** Dub tracks of one port: music, an interpreter, a coach, with room to spare. Each that sounds costs about as much as a prompt. */
export const maxDubTracks = 10;

// --- sources

/** Bytes of one audio file: an hour of 8 kHz WAV, a day of modest MP3. */
export const maxAudioBytes = 64 * 1024 * 1024;
/** Decoded audio of one source: an hour at 16 kHz would be 115 MB; a prompt is seconds. */
export const maxPromptSeconds = 3600;
/** Time to fetch one source, headers and body each. */
export const fetchTimeoutMs = 20_000;
export const fetchRedirects = 5;
/** Decoded prompts kept for the next call: about 70 minutes at 8 kHz. */
export const promptCacheBytes = 64 * 1024 * 1024;
/** Prompts kept, whatever their size: bounds the bookkeeping. */
export const promptCacheEntries = 5000;
/** A response that says nothing about its freshness is used again this long without asking: one call's repeats, not yesterday's. */
export const heuristicFreshMs = 1000;
/** Longest freshness believed. */
export const maxFreshMs = 24 * 3600 * 1000;
/** Bytes decoded in one turn of the loop: 1 ms of work for MP3 (8 KiB were 3 to 6 ms), a tenth of that for WAV. */
export const decodeSliceBytes = 2 * 1024;
/** Decoded audio is kept in blocks of so many samples, 4 s at 8 kHz: adding one is a matter of microseconds. */
export const clipBlockSamples = 32 * 1024;
/** Longest single pass of a rendered tone; longer ones can loop. */
export const maxToneSeconds = 600;
/** Tone rendered in one turn of the loop: well below a millisecond of work. */
export const renderSliceMs = 1000;
/** Mean square of a frame (samples) below which it counts as silence: about -50 dBov. Delay may be changed there unheard. */
export const quietPower = 10_000;
/** Largest RTCP datagram taken. */
export const maxRtcpBytes = 1500;

// --- rooms

/** Slots that a room remembers, 160 ms: the longest packet time ahead of now, as much behind it, and room between. */
export const roomSlots = 32;
/** Playbacks that one room may hold at once: announcements, beeps and room_say's; more is a loop gone wild. */
export const maxRoomPlaybacks = 16;
/** A member's frame that comes so many slots before the one before it is over follows that one: whose ear is led by another leg's frames. */
export const roomSlackSlots = 4;
/** What a change in a room waits for, at most, before it counts as heard: a member whose packets do not flow never shows it. In slots. */
export const roomEffectSlots = 40;
/** Packet time of who is in a room without a port, ms. */
export const roomGuestPtimeMs = 20;

// --- streams

/** Streams of one port: the running verb's, the background's, a recording's, one nested in a dial, with room to spare. */
export const maxStreams = 8;
/** Frames by which one side of a leg may be ahead of the other in a stream, before silence stands in for what has not come. */
export const streamLeadFrames = 3;
/** Looks at one side's lead, half a second of them, through which it must last to be taken back. */
export const streamLeadLooks = 25;
/** Audio that waits for a server which connects, reconnects or does not read; the oldest gives way. Longer is not live any more. */
export const streamBacklogMs = 2000;
/** Bytes given to the system and not sent yet from which on audio waits on our side, where it can give way: half a second of 64 kHz, stereo more. */
export const streamUnsentBytes = 64 * 1024;
/** The same for text frames, which are small: beyond it they are dropped, as the server does not read. */
export const streamUnsentTextBytes = 256 * 1024;
/** Text frames (digits) that wait for the connection. */
export const streamTextsWaiting = 64;
/** Audio that waited is sent in messages of this size at most. */
export const streamChunkBytes = 8 * 1024;
/** Time for the WebSocket handshake: the far end speaks already. */
export const streamHandshakeMs = 5000;
export const streamRedirects = 3;
/** A server that answers no ping for so long is gone. */
export const streamPingMs = 20_000;
/** Waits before the tries to bring a broken connection back; after the last the stream has failed. About 8 s: a restart of a server, and short of losing the call's subject. */
export const streamRegainMs: readonly number[] = [200, 500, 1000, 2000, 4000];
/** A connection that held this long has its tries back. */
export const streamCalmMs = 10_000;
/** Largest message of a server: 65 s of 24 kHz audio as base64. Taking it apart costs about 5 ms, which other legs wait for. */
export const streamMessageBytes = 4 * 1024 * 1024;
/** What a server may send: messages and kilobytes cost 1 and 1/4 each. 2000 a second is 8 MB/s, far above any voice; the burst, an answer of some minutes at once. One that sends more holds up other legs: the stream is ended. */
export const streamCostPerSecond = 2000;
export const streamCostBurst = 10_000;
export const streamBytesPerCost = 4096;
/** Pieces of `playAudio` that wait behind the one that plays (verbs.md 8.2); more are dropped. */
export const streamQueue = 10;
/** Bytes of them, all in all: two of the largest messages. */
export const streamQueueBytes = 8 * 1024 * 1024;
/** Streamed audio is played once so much of it has come, or so long after its first sample, and after it ran dry once `streamRefillMs` has. */
export const streamPrebufferMs = 80;
export const streamRefillMs = 40;
/** Streamed audio that waits to be played. Models speak many times faster than real time: a long answer comes within a second or two. */
export const streamBackMs = 60_000;
/** Marks that have not been reached (verbs.md 8.2); more are dropped. */
export const streamMarks = 30;

// --- recordings

/** Recordings of one leg: the call's own, a conference's, and their successors. */
export const maxRecordings = 4;
/** Audio that waits in memory while a file is being opened; what is more becomes silence. 320 KB at 16 kHz. */
export const recordWaitingSeconds = 5;
/** Audio that waits for a slow disk; what is more becomes silence. */
export const recordPendingSeconds = 10;
/** Audio encoded in one turn when there is much to catch up with: 4 ms of work for MP3. */
export const recordCatchUpSeconds = 1;
/** The most that WAV can count, less its header: 37 hours at 8 kHz. */
export const recordFileBytes = 2 ** 32 - 64;
/** Time to write a recording's last second when its leg closes. */
export const recordCloseMs = 1500;

// --- recognition

/** Recognizers that may listen to one leg: a verb's, a background gather's, two transcriptions', and their successors. */
export const maxRecognitions = 8;
/** Audio kept while a recognizer is being reached, ms: twice what a vendor may take for that. */
export const maxUnheardMs = 10_000;
/** Time for the last transcript after the end (verbs.md 1.6). */
export const recognitionGraceMs = 1500;
/** Spurts of speech that are kept to tell how long results took: minutes of talk. */
export const maxSpurts = 200;
/** Transcripts of one recognizer; more is a flood, which the application would have to bear. */
export const maxTranscriptsPerSecond = 100;

// --- bridges and copies

/** Last packets of a forwarded stream that are kept, to go on from when frames are made: 60 ms, more than concealment and codecs look back. */
export const recentPackets = 5;
/** Whoever leads an ear has left it when nothing was pulled for so long: two of the longest frames. */
export const leaderLapseMs = 120;
/** How long nothing must stand in the way before packets are forwarded again: fades and concealment are over by then. */
export const forwardCalmMs = 100;
/** A forwarded stream that pauses for so long is filled with silence, as any other that has nothing to say. */
export const forwardIdleMs = 200;
/** The same after comfort noise, by which the far end knows that it pauses (RFC 3389): its next packet may take long. */
export const forwardNoiseIdleMs = 10_000;
/** An output whose time has gone further than this from its source's, either way, has begun a new line: a hold, or another source. */
export const tallyBreakMs = 200;
/** An output that is late by so much has paused: its timestamps leave the pause out. Less is jitter of what it forwards. */
export const catchUpLeastMs = 100;
/** Frame times of a forwarded stream between two looks at whether it may still be: a net below those who tell of what they change. */
export const unreviewedFrames = 5;
/** Frames between two looks at whether a port's frame times still suit the packets it hears: a second. */
export const reseatFrames = 50;
/** Frames that listeners get ahead of their time when forwarding ends, so that the far end hears nothing twice: a usual jitter buffer's. */
export const handBackFrames = 2;
/** Audio of a copy in another codec that waits: two of the longest packets. */
export const sideFeedMs = 120;
/** A telephone event of which nothing more comes for so long does not hold the audio back any more: two of the slowest senders' updates. */
export const eventLapseMs = 100;
/** A forwarded stream whose timestamps jump by more than this against the time of day has begun a new time line. */
export const followBreakMs = 600;
