using System.Diagnostics;

namespace Troupe.Tools.Networks;

/// <summary>Sends frames when they are due, in the order of that; equal ones in the order they came. One thread feeds it, a thread of its own empties it.</summary>
/// <typeparam name="TFrame">A frame, and what goes with it.</typeparam>
public sealed class DelayLine<TFrame> : IDisposable
{
    private readonly Action<TFrame> _send;
    private readonly PriorityQueue<TFrame, (long Due, long Number)> _waiting = new();
    private readonly Thread _thread;
    private long _number;
    private bool _ended;

    /// <summary>Creates it; <paramref name="send"/> is called on its thread, or on the caller's when nothing waits.</summary>
    public DelayLine(Action<TFrame> send)
    {
        _send = send;
        _thread = new Thread(Run) { IsBackground = true, Name = "delay line" };
        _thread.Start();
    }

    /// <summary>Takes a frame, which is its own from now on.</summary>
    public void Add(TFrame frame, TimeSpan delay)
    {
        lock (_waiting)
        {
            if (delay > TimeSpan.Zero || _waiting.Count > 0)
            {
                var due = Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);
                _waiting.Enqueue(frame, (due, _number++));
                Monitor.Pulse(_waiting);
                return;
            }
        }

        _send(frame);
    }

    /// <summary>Ends the thread; what waits is gone.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _ended = true;
            Monitor.Pulse(_waiting);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            TFrame frame;
            lock (_waiting)
            {
                while (true)
                {
                    if (_ended)
                    {
                        return;
                    }

                    if (!_waiting.TryPeek(out _, out var next))
                    {
                        Monitor.Wait(_waiting);
                        continue;
                    }

                    var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next.Due);
                    if (left <= TimeSpan.Zero)
                    {
                        break;
                    }

                    Monitor.Wait(_waiting, left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left);
                }

                frame = _waiting.Dequeue();
            }

            _send(frame);
        }
    }
}
