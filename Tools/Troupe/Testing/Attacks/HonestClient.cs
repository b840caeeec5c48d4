using System.Diagnostics;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>Asks for a page again and again, over a new connection each time, for as long as somebody else attacks.</summary>
internal sealed class HonestClient
{
    /// <summary>What an answer may take, with a guest in emulation on a busy machine: three losses of a SYN in a row, and some.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Pages asked for.</summary>
    public int Asked { get; private set; }

    /// <summary>Pages that came in time.</summary>
    public int Answered { get; private set; }

    /// <summary>The longest wait for one that came.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>The most memory that the guest said it used.</summary>
    public long MostResident { get; private set; }

    public async Task RunAsync(CancellationToken until, CancellationToken cancellation)
    {
        do
        {
            var clock = Stopwatch.StartNew();
            Asked++;
            // The report, now and then, is a page like any other.
            var path = Asked % 10 == 0 ? "/network" : "/";
            if (await GuestOnTap.TryGetAsync(path, Limit, cancellation).ConfigureAwait(false) is { } page)
            {
                Answered++;
                Longest = clock.Elapsed > Longest ? clock.Elapsed : Longest;
                if (Asked % 10 == 0)
                {
                    MostResident = Math.Max(MostResident, GuestReport.Parse(page)["resident-octets"]);
                }
            }

            await Task.Delay(_pause, cancellation).ConfigureAwait(false);
        }
        while (!until.IsCancellationRequested);
    }
}
