using Troupe.Actors;

namespace Troupe.Apps.Hosting;

/// <summary>
/// Says which actors failed, from a thread of its own: a serial console takes milliseconds for a report, and the worker that an actor failed on is the one that restarts it. What waits is
/// written before the program ends, by whatever way but <see cref="Environment.FailFast(string)"/> or a panic.
/// </summary>
internal sealed class FailureReports
{
    /// <summary>Reports that may wait: of a storm of failures the next one is written by who has it, which slows the storm down and loses nothing.</summary>
    internal const int MostWaiting = 64;

    private readonly TextWriter _console;
    private readonly object _gate = new();
    private readonly Queue<string> _waiting = [];
    private bool _isWriting;

    /// <summary>Call it on a thread that is no worker: in a guest the writer has the band and the processors of the thread that starts it.</summary>
    internal FailureReports(TextWriter console)
    {
        _console = console;
        new Thread(Write) { IsBackground = true, Name = "failure reports" }.Start();
    }

    /// <summary>Takes note of a failure. Its text is made now: the message in it may be another's afterwards.</summary>
    internal void Report(ActorFailure failure)
    {
        string text = failure.ToString();
        lock (_gate)
        {
            if (_waiting.Count < MostWaiting)
            {
                _waiting.Enqueue(text);
                Monitor.PulseAll(_gate);
                return;
            }
        }

        _console.WriteLine(text);
    }

    /// <summary>Returns when all that was reported is written.</summary>
    internal void Flush()
    {
        lock (_gate)
        {
            while (_waiting.Count > 0 || _isWriting)
                Monitor.Wait(_gate);
        }
    }

    private void Write()
    {
        while (true)
        {
            string text;
            lock (_gate)
            {
                while (_waiting.Count == 0)
                    Monitor.Wait(_gate);
                text = _waiting.Dequeue();
                _isWriting = true;
            }

            try
            {
                _console.WriteLine(text);
            }
            finally
            {
                lock (_gate)
                {
                    _isWriting = false;
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }
}
