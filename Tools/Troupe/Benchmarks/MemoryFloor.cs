using Troupe.Tools.Guests;

namespace Troupe.Tools.Benchmarks;

/// <summary>The smallest memory with which a guest still answers, by bisection.</summary>
public static class MemoryFloor
{
    private const int Attempts = 2;
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(20);

    /// <summary>Searches the multiples of <paramref name="step"/> MB from <paramref name="least"/> to <paramref name="most"/>.</summary>
    /// <returns>Megabytes, or null if not even the most is enough.</returns>
    public static async Task<int?> FindAsync(
        Contestant contestant, GuestMachine machine, int processors, int least, int most, int step, Action<object> record, CancellationToken cancellation)
    {
        int? answers = null;
        var (low, high) = (least / step, most / step);
        while (low <= high)
        {
            // The first try is the most: bisecting makes no sense below what does not answer.
            var middle = answers is null ? high : (low + high) / 2;
            var memory = middle * step;
            if (await AnswersAsync(memory).ConfigureAwait(false))
            {
                answers = memory;
                high = middle - 1;
            }
            else if (answers is null)
            {
                return null;
            }
            else
            {
                low = middle + 1;
            }
        }

        return answers;

        // On a busy host one boot can be too late by chance; two cannot so easily.
        async Task<bool> AnswersAsync(int memory)
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var time = await FirstAnswer.MeasureAsync(contestant.On(machine, processors, memory), _longest, cancellation).ConfigureAwait(false);
                record(new { guest = contestant.Name, machine = machine.ToString(), processors, memory, milliseconds = time?.TotalMilliseconds });
                if (time is not null)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
