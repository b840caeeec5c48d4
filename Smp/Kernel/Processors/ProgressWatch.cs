namespace Troupe.Smp.Kernel.Processors;

/// <summary>What the watchdog does about a processor.</summary>
public enum WatchStep
{
    /// <summary>It comes by, or has nothing to do.</summary>
    None,

    /// <summary>It has not come by since it was last looked at: a healthy one takes an interrupt.</summary>
    Nudge,

    /// <summary>It has had its time.</summary>
    Report,

    /// <summary>Nothing new: it has been reported.</summary>
    Reported,
}

/// <summary>The watchdog's judgement of one processor, from one look to the next. Looks come a second apart while a processor has something to do; while none has, there may be none for hours.</summary>
public static class ProgressWatch
{
    /// <summary>How long a processor that has something to do may stay out of the kernel, nanoseconds from the first look that found it so.</summary>
    public const long Limit = 5_000_000_000;

    /// <summary>A look that found nothing to worry about.</summary>
    private const long Never = -1;

    /// <summary>A look.</summary>
    /// <param name="isFine">It has nothing to do, or is the one that looks.</param>
    /// <param name="entries">Its entries into the kernel.</param>
    /// <param name="now">Nanoseconds since boot.</param>
    /// <param name="seen">Its entries at the last look.</param>
    /// <param name="since">The first look that found it with something to do and these entries.</param>
    /// <param name="isReported">Whether that was reported.</param>
    public static WatchStep Look(bool isFine, long entries, long now, ref long seen, ref long since, bool isReported)
    {
        // A processor that had nothing to do is given its time from here: the interrupt that brings it the work may still be on its way, and the last look may be long ago.
        if (isFine || entries != seen || since == Never)
        {
            seen = entries;
            since = isFine ? Never : now;
            return WatchStep.None;
        }

        return now - since < Limit ? WatchStep.Nudge : isReported ? WatchStep.Reported : WatchStep.Report;
    }
}
