using Troupe.Actors;

namespace Troupe.Verification.Protocols;

/// <summary>A named item of a run queue.</summary>
internal struct QueuedText(string? text) : IRunQueueItem<QueuedText>
{
    private string? _text = text;

    public readonly string Text => _text!;

    public static QueuedText Load<TMemory>(ref QueuedText slot) where TMemory : struct, Core.Memory.IMemory => new(TMemory.LoadAcquire(ref slot._text));

    public static void Store<TMemory>(ref QueuedText slot, QueuedText item) where TMemory : struct, Core.Memory.IMemory =>
        TMemory.StoreRelease(ref slot._text, item._text);
}
