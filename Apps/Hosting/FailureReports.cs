using System.Text;
using Troupe.Actors;
using Troupe.Smp.Host;

namespace Troupe.Apps.Hosting;

/// <summary>
/// Says which actors failed, from a thread of its own: a serial console takes milliseconds for a report, and the worker that an actor failed on is the one that restarts it. What waits is
/// written before the program ends, and if it ends by <see cref="Environment.FailFast(string)"/> or in a panic the kernel half prints it (<see cref="LastWords"/>).
/// </summary>
internal sealed class FailureReports
{
    /// <summary>Some dozens of reports. Of a storm of failures the next one waits for room, which slows the storm down and loses nothing.</summary>
    internal const int WordsWaiting = 4096;

    /// <summary>Written at a time: what a panic amid that prints once more.</summary>
    private const int Piece = 1024;

    private readonly Stream _console;
    private readonly LastWords _waiting;
    private readonly object _gate = new();

    // Taken before the other: a report that waits for room is one text all the same.
    private readonly Lock _reporting = new();

    /// <summary>Call it on a thread that is no worker: in a guest the writer has the band and the processors of the thread that starts it.</summary>
    internal FailureReports(Stream console, LastWords waiting)
    {
        (_console, _waiting) = (console, waiting);
        new Thread(Write) { IsBackground = true, Name = "failure reports" }.Start();
    }

    /// <summary>Takes note of a failure. Its text is made now: the message in it may be another's afterwards.</summary>
    internal void Report(ActorFailure failure)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{failure}{Environment.NewLine}");
        lock (_reporting)
        {
            lock (_gate)
            {
                int done = 0;
                while (true)
                {
                    done += _waiting.Add(text.AsSpan(done));
                    Monitor.PulseAll(_gate);
                    if (done == text.Length)
                        return;
                    Monitor.Wait(_gate);
                }
            }
        }
    }

    /// <summary>Returns when all that was reported is written.</summary>
    internal void Flush()
    {
        lock (_gate)
        {
            while (!_waiting.IsEmpty)
                Monitor.Wait(_gate);
        }
    }

    private void Write()
    {
        byte[] piece = new byte[Piece];
        while (true)
        {
            int count;
            lock (_gate)
            {
                while (_waiting.IsEmpty)
                    Monitor.Wait(_gate);
                count = _waiting.Peek(piece);
            }

            try
            {
                _console.Write(piece, 0, count);
            }
            catch (IOException)
            {
                // There is nobody left to tell.
            }

            lock (_gate)
            {
                _waiting.Remove(count);
                Monitor.PulseAll(_gate);
            }
        }
    }
}
