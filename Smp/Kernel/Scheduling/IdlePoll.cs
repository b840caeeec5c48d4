namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>
/// For how long a processor that goes idle polls before it halts. To be woken from a halt takes a guest's processor longer than many a device takes to answer, so a processor
/// that is soon needed again stays awake; one that is not halts at once, for its host has other work. Learnt from how long it was idle before. Used on that processor.
/// </summary>
public struct IdlePoll
{
    /// <summary>What is begun with: 50 microseconds. A window that came to be smaller is none.</summary>
    public const long First = 50_000;

    /// <summary>The longest, if the command line says nothing: 200 microseconds, as in Linux's governor for guests (guest_halt_poll_ns).</summary>
    public const long UsualLongest = 200_000;

    private long _window;

    /// <summary>Nanoseconds to poll; 0: none.</summary>
    public readonly long Window => _window;

    /// <summary>The processor was idle for so many nanoseconds: a longer window would have held it, or polling was in vain.</summary>
    public void Learn(long idle, long longest)
    {
        if (idle > longest)
        {
            _window = _window / 2 < First ? 0 : _window / 2;
        }
        else if (idle > _window)
        {
            long grown = _window == 0 ? First : 2 * _window;
            _window = grown < longest ? grown : longest;
        }
    }
}
