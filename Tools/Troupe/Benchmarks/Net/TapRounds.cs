using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>Guests that are measured in turn at one tap: in each round every one of them is booted anew.</summary>
/// <param name="benchmark">What messages call it.</param>
/// <param name="network">The tap.</param>
/// <param name="guests">Who is compared.</param>
/// <param name="processors">Guests of so many processors.</param>
/// <param name="further">What all guests have besides.</param>
internal sealed class TapRounds(string benchmark, TapNetwork network, Contestant[] guests, IReadOnlyList<int> processors, Func<GuestOptions, GuestOptions> further)
{
    private const int Memory = 256;
    private const int KeptLines = 20;

    private readonly Queue<string> _lastWords = new();

    /// <summary>A round; number 0 is a trial.</summary>
    public async Task RunAsync(int round, int of, Func<Contestant, int, Task> measure, CancellationToken cancellation)
    {
        foreach (var number in processors)
        {
            // Who begins changes from round to round.
            foreach (var guest in round % 2 == 0 ? guests : guests.Reverse())
            {
                Output.Say($"{benchmark}: {(round == 0 ? "trial" : $"round {round} of {of}")}, {guest.Name}, {number} processor(s), load {BenchmarkRecord.Load}");
                await network.BootAsync(further(guest.On(GuestMachine.Q35, number, Memory)), Remember, cancellation).ConfigureAwait(false);
                try
                {
                    await measure(guest, number).ConfigureAwait(false);
                }
                catch (UserError error)
                {
                    lock (_lastWords)
                    {
                        throw new UserError(
                            $"{guest.Name}, {number} processor(s): {error.Message}{string.Concat(_lastWords.Select(line => "\n    " + line))}", exitCode: ExitCodes.Failure);
                    }
                }
                finally
                {
                    network.EndGuest();
                }
            }
        }
    }

    private void Remember(string line)
    {
        lock (_lastWords)
        {
            _lastWords.Enqueue(line);
            if (_lastWords.Count > KeptLines)
            {
                _lastWords.Dequeue();
            }
        }
    }
}
