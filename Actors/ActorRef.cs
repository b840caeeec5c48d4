namespace Troupe.Actors;

/// <summary>The address of an actor, whatever it understands.</summary>
[SendableByContract("An address; its methods may be called from any thread, and no other assembly can derive from it.")]
public abstract class ActorRef
{
    private protected ActorRef()
    {
    }

    internal abstract ActorCell Cell { get; }

    /// <summary>The name it was spawned with.</summary>
    public abstract string? Name { get; }

    /// <summary>
    /// The names from the top of the tree down to this actor, as in <c>/devices/virtio-net</c>. Where there is no name stands
    /// one that the system made up.
    /// </summary>
    public abstract string Path { get; }

    /// <summary>Messages waiting, as seen in passing.</summary>
    public abstract int MailboxCount { get; }

    /// <summary>Messages its overflow policy threw away.</summary>
    public abstract long Dropped { get; }

    /// <summary>
    /// Processor time spent in its turns (on a host that cannot tell, <see cref="IWorkerHost.ProcessorTime"/>, time on the clock), sampled: once in
    /// <see cref="ActorSystemOptions.Quantum"/> the time since the last look counts for whoever has a turn. Right on average, not for one short turn; zero where the quantum is infinite.
    /// </summary>
    public abstract TimeSpan TurnTime { get; }

    /// <summary>Completes when the actor has stopped, which is after its children have.</summary>
    public abstract Task Terminated { get; }

    /// <summary>Stops the actor after its current message, and its children before it; what is in its mailbox becomes dead letters.</summary>
    public abstract void Stop();

    /// <summary>
    /// Lets the actor handle what is in its mailbox (or, without <paramref name="drain"/>, only its current message), and
    /// completes when it has stopped, after its children, who stop the same way. New messages are dead letters from this call on.
    /// </summary>
    public abstract Task StopAsync(bool drain = true);

    /// <summary>
    /// The type of what handles messages now. Holding it keeps a collectible assembly loaded.
    /// </summary>
    public abstract Type BehaviourType { get; }

    /// <summary>
    /// Swaps the behaviour for one that was registered by name in <see cref="ActorSystem.Behaviours"/>. Otherwise as
    /// <see cref="ActorRef{TMessage}.SwapAsync(Func{Actor{TMessage}}, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">No behaviour of that name handles what this actor understands.</exception>
    public abstract Task<SwapResult> SwapAsync(string behaviour, CancellationToken cancellationToken = default);

    /// <summary>
    /// Swaps the behaviour, for tools that know its type at run time only. Otherwise as
    /// <see cref="ActorRef{TMessage}.SwapAsync(Func{Actor{TMessage}}, CancellationToken)"/>.
    /// </summary>
    /// <param name="factory">Makes instances of a behaviour that handles what this actor understands.</param>
    /// <param name="cancellationToken">Withdraws the swap as long as it has not begun.</param>
    public abstract Task<SwapResult> SwapAsync(Func<object> factory, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public override string ToString() => Name ?? "(unnamed)";
}
