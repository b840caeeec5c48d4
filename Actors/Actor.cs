namespace Troupe.Actors;

/// <summary>
/// The behaviour of an actor: state that only its own turns touch, and what it does with a message. One turn runs at a
/// time; an <see langword="async"/> handler's continuations are turns of the same actor, and while it is suspended the
/// next message waits.
/// </summary>
public abstract class Actor<[Sendable] TMessage>
{
    private ActorCell<TMessage>? _cell;

    /// <summary>What the actor knows of itself and its system. Valid from <see cref="Started"/> on, in its own turns.</summary>
    protected ActorContext<TMessage> Context =>
        new(_cell ?? throw new InvalidOperationException("This actor has not been spawned yet."));

    /// <summary>Called once in the first turn, before any message. An exception here is a failure like any other.</summary>
    protected internal virtual void Started()
    {
    }

    /// <summary>Called once in the last turn; messages that come later are dead letters.</summary>
    protected internal virtual void Stopped()
    {
    }

    /// <summary>Handles one message. A handler that does not wait returns <see langword="default"/>, and nothing is allocated.</summary>
    protected internal abstract ValueTask ReceiveAsync(TMessage message);

    internal void Attach(ActorCell<TMessage> cell)
    {
        if (_cell is not null)
            throw new InvalidOperationException($"This instance of {GetType().Name} is already an actor; spawn a new instance.");
        _cell = cell;
    }
}
