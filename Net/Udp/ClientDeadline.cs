// RFC 2131 4.4.5 and RFC 8415 14.2: a client's next deadline may be a moment ago, a lease's length away, or not at all.
using Troupe.Actors;

namespace Troupe.Net.Udp;

/// <summary>The timer of a DHCP client's actor, in whose turns it is set.</summary>
internal static class ClientDeadline
{
    // Clocks cannot count further than 49 days; an early look changes nothing.
    private static readonly TimeSpan _longestWait = TimeSpan.FromDays(40);

    /// <summary>Has the timer come at <paramref name="deadline"/>, or not at all at <see cref="TimeSpan.MaxValue"/>.</summary>
    public static void RestartFor(this TimerHandle timer, TimeSpan deadline, TimeSpan now)
    {
        if (deadline == TimeSpan.MaxValue)
        {
            timer.Cancel();
            return;
        }

        TimeSpan wait = deadline - now;
        timer.Restart(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > _longestWait ? _longestWait : wait);
    }
}
