namespace Troupe.Actors;

/// <summary>
/// What the runtime does with a message nobody will handle: if it owns something (it is <see cref="IDisposable"/>), that is
/// given back, so a dropped batch of frames returns to its pool.
/// </summary>
internal static class MessageDisposal
{
    internal static void Dispose<TMessage>(in TMessage message)
    {
        // The type test folds away for messages that own nothing.
        if (message is IDisposable)
            ((IDisposable)message).Dispose();
    }
}
