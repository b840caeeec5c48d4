using Troupe.Core.Memory;

namespace Troupe.Net.Contracts;

/// <summary>Bits that anybody raises and one party takes, and how to wake that party.</summary>
/// <remarks>
/// Raising writes a bit and then reads the wake-up; registering writes the wake-up and then reads the bits. Both writes are full fences, so one of the two sees
/// the other and no signal is lost. Only the first bit that is raised wakes: until the bits are taken, whoever takes them was woken and is to come.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
internal struct SignalWord<TMemory>
    where TMemory : struct, IMemory
{
    private Action? _notify;
    private int _raised;

    /// <summary>Says how to wake who takes the bits.</summary>
    public void OnSignal(Action notify)
    {
        // After a release store the bits could be read first, and be missed.
        TMemory.Exchange(ref _notify, notify);
        if (TMemory.LoadAcquire(ref _raised) != 0)
            notify();
    }

    /// <summary>Raises bits.</summary>
    public void Raise(int bits)
    {
        int before;
        do
            before = TMemory.LoadAcquire(ref _raised);
        while (TMemory.CompareExchange(ref _raised, before | bits, before) != before);
        if (before == 0)
            TMemory.LoadAcquire(ref _notify)?.Invoke();
    }

    /// <summary>The bits raised since the last call.</summary>
    public int Take() => TMemory.LoadAcquire(ref _raised) == 0 ? 0 : TMemory.Exchange(ref _raised, 0);
}
