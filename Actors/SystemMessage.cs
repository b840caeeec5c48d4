namespace Troupe.Actors;

/// <summary>
/// Work for an actor that does not come through its mailbox and is never refused: stop, timer expiry, continuation. The
/// node is the message, so queueing it allocates nothing.
/// </summary>
internal abstract class SystemMessage : ILinked<SystemMessage>
{
    private SystemMessage? _link;

    ref SystemMessage? ILinked<SystemMessage>.Link => ref _link;

    /// <summary>Whether it calls the handler, and so must wait while a handler is suspended.</summary>
    internal virtual bool NeedsHandler => false;

    /// <summary>What a trace calls its posting; null: nothing, it is no message to anybody.</summary>
    internal virtual TraceKind? PostedAs => TraceKind.Signal;

    /// <summary>What led to it, where that is not what the posting thread handles.</summary>
    internal virtual TraceOrigin? Origin => null;

    /// <summary>Runs in a turn of the actor.</summary>
    internal abstract void Run(ActorCell cell);
}

/// <summary>Asks the actor to stop.</summary>
internal sealed class StopRequest(bool drain) : SystemMessage
{
    internal override void Run(ActorCell cell) => cell.RequestStop(drain);
}

/// <summary>A continuation that was posted to the actor: the rest of an async handler, mostly.</summary>
internal sealed class Continuation(SendOrPostCallback callback, object? state) : SystemMessage
{
    internal override TraceKind? PostedAs => null;

    internal override void Run(ActorCell cell)
    {
        try
        {
            callback(state);
        }
        catch (Exception exception)
        {
            cell.Fail(exception, messageType: null, message: null);
        }
    }
}
