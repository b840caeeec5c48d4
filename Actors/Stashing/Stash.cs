namespace Troupe.Actors;

/// <summary>
/// Messages put aside, and those taken out again that are still to be handled: one queue with the latter in front. It keeps its
/// room, so that stashing allocates nothing once it has grown.
/// </summary>
internal sealed class Stash<TMessage>(int capacity)
{
    private readonly Queue<(TMessage Message, TraceStamp Stamp)> _messages = new();
    private int _unstashed;

    /// <summary>Whether a message has been taken out and waits to be handled.</summary>
    internal bool HasUnstashed => _unstashed > 0;

    internal bool TryAdd(TMessage message)
    {
        if (_messages.Count >= capacity)
            return false;
        _messages.Enqueue((message, TraceSwitch.IsOn ? Tracing.Stash() : default));
        return true;
    }

    /// <summary>Takes all out, in the order they arrived: what is stashed came before what was taken out earlier and not handled yet.</summary>
    internal void UnstashAll()
    {
        for (int older = _unstashed; older > 0; older--)
            _messages.Enqueue(_messages.Dequeue());
        _unstashed = _messages.Count;
    }

    internal TMessage Take()
    {
        _unstashed--;
        (TMessage message, TraceStamp stamp) = _messages.Dequeue();
        if (TraceSwitch.IsOn)
            Tracing.Unstash(stamp);
        return message;
    }
}
