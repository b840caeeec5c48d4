namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>A row of <c>bench actors</c>.</summary>
/// <param name="Name">What the contenders (tests/Actors.Benchmarks, Row.cs) know it by.</param>
/// <param name="Label">What tables call it.</param>
/// <param name="Unit">What its numbers are; less is better in all of them.</param>
/// <param name="Bar">How many times the best peer's number must be ours on one processor; null: printed, without a bar.</param>
/// <param name="Most">What our own number may be at most, whatever the peers'.</param>
public sealed record ActorRow(string Name, string Label, ActorUnit Unit, double? Bar = null, double? Most = null)
{
    /// <summary>At 128 contending senders the throughput must be this part of the best of 1 to 128.</summary>
    public const double ContendedBar = 0.7;

    /// <summary>On two processors.</summary>
    public const double TwoProcessorBar = 1;

    /// <summary>What a single tell may allocate and still be none: some objects a run, as a thread's, divided by its messages.</summary>
    private const double Nothing = 0.01;

    /// <summary>Numbers of contending senders.</summary>
    public static readonly IReadOnlyList<int> Contending = [1, 2, 4, 8, 16, 32, 64, 128];

    /// <summary>Messages and actors, against all peers.</summary>
    public static readonly IReadOnlyList<ActorRow> Messaging =
    [
        new("ping-pong-1", "ping-pong, 1 in flight", ActorUnit.Nanoseconds, 2),
        new("ping-pong-100", "ping-pong, 100 in flight", ActorUnit.Nanoseconds, 2),
        new("ring-1", "ring of 1,000, 1 token", ActorUnit.Nanoseconds, 2),
        new("ring-100", "ring of 1,000, 100 tokens", ActorUnit.Nanoseconds, 2),
        new("fan-out-100", "fan-out 1 to 100", ActorUnit.Nanoseconds, 1.2),
        new("fan-in-100", "fan-in 100 to 1", ActorUnit.Nanoseconds, 1.2),
        new("create", "create", ActorUnit.Nanoseconds, 5),
        new("create-and-tell", "create, first message handled", ActorUnit.Nanoseconds),
        new("request-reply", "request and reply", ActorUnit.Nanoseconds),
        new("idle-bytes", "bytes of an idle actor", ActorUnit.Bytes, Most: 256),
        new("message-bytes", "bytes allocated a message", ActorUnit.Bytes, Most: Nothing),
    ];

    /// <summary>So many senders to one, against all peers.</summary>
    public static readonly IReadOnlyList<ActorRow> Contended =
        [.. Contending.Select(senders => new ActorRow($"contended-{senders}", $"{senders}", ActorUnit.Nanoseconds))];

    /// <summary>The Savina benchmarks, against Akka.NET.</summary>
    public static readonly IReadOnlyList<ActorRow> Savina =
    [
        .. ((string[])
        [
            "ping-pong", "counting", "fork-join-throughput", "fork-join-create", "thread-ring", "chameneos", "big", "concurrent-dictionary", "sorted-linked-list",
            "bounded-buffer", "dining-philosophers", "sleeping-barber", "cigarette-smokers", "logistic-map", "bank-transaction",
        ]).Select(name => new ActorRow($"savina-{name}", name.Replace('-', ' '), ActorUnit.Milliseconds)),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<ActorRow> All => [.. Messaging, .. Contended, .. Savina];
}

/// <summary>What a row's numbers are.</summary>
public enum ActorUnit
{
    /// <summary>A message, or an actor.</summary>
    Nanoseconds,

    /// <summary>An actor, or a message.</summary>
    Bytes,

    /// <summary>A whole run.</summary>
    Milliseconds,
}
