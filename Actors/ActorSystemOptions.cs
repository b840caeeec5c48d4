namespace Troupe.Actors;

/// <summary>What an actor system runs on.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>Messages one actor handles before the next actor has its turn.</summary>
    public const int DefaultThroughput = 64;

    /// <summary>Threads detached at a time, unless <see cref="MaximumDetached"/> says otherwise: what a system may reserve stacks for.</summary>
    public const int DefaultMaximumDetached = 256;

    /// <summary>Where the workers live; plain threads, one per processor, if not given.</summary>
    public IWorkerHost? Host { get; init; }

    /// <summary>The clock of timers and deadlines.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// Whether the timers of actors share a wheel and one timer of the clock, by which they may come up to 9 ms late. Otherwise each has a timer of the clock, which keeps to it exactly. Not said: they share
    /// if the clock is the machine's.
    /// </summary>
    public bool? HasTimerWheel { get; init; }

    /// <summary>Messages one actor handles before the next actor has its turn.</summary>
    public int Throughput { get; init; } = DefaultThroughput;

    /// <summary>
    /// Messages that any bounded mailbox holds at most, whatever its spawn options say. With 1 everybody who can wait does wait, and what may be dropped is dropped often: for
    /// tests of just that.
    /// </summary>
    public int MaximumMailboxCapacity { get; init; } = int.MaxValue;

    /// <summary>
    /// How long a turn may take before its thread is detached: another thread works on with what the processor has to do, and this one
    /// finishes the turn with a smaller share. It happens after one to two quanta. <see cref="Timeout.InfiniteTimeSpan"/>: never.
    /// </summary>
    public TimeSpan Quantum { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How many threads may be detached at a time. When there are as many, turns that take long keep their processors until one ends.</summary>
    public int MaximumDetached { get; init; } = DefaultMaximumDetached;

    /// <summary>The deadline of an ask that names none.</summary>
    public TimeSpan AskTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long <see cref="ActorSystem.DisposeAsync"/> lets actors finish what is in their mailboxes.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Is told of every failure, on the worker it happened on. Standard error if not given.</summary>
    public Action<ActorFailure>? OnFailure { get; init; }

    /// <summary>Is told of every dead letter. They are counted whether it is given or not.</summary>
    public Action<DeadLetter>? OnDeadLetter { get; init; }
}
