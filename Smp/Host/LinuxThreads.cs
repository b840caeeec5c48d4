namespace Troupe.Smp.Host;

/// <summary>
/// Threads that run one body after another. A detached thread goes to work again instead of ending, and one more is kept ready: to begin and to
/// end, a thread takes the runtime's locks, and one of low priority that the kernel interrupts there would keep the others waiting.
/// </summary>
/// <param name="priority">The nice value between bodies. A thread that may not return to it ends.</param>
/// <param name="most">How many may wait for a body; more end.</param>
internal sealed class LinuxThreads(int priority, int most)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly List<Waiting> _waiting = [];

    /// <summary>Runs a body on a thread that waits for one, or on a new one.</summary>
    internal void Run(Action body)
    {
        lock (_waiting)
        {
            if (_waiting.Count > 0)
            {
                Waiting latest = _waiting[^1];
                _waiting.RemoveAt(_waiting.Count - 1);
                latest.Body = body;
                latest.Parker.Unpark();
                return;
            }
        }

        Start(body);
    }

    /// <summary>Sees to it that the next body finds a thread that waits.</summary>
    internal void KeepOneReady()
    {
        lock (_waiting)
        {
            if (_waiting.Count > 0)
            {
                return;
            }
        }

        try
        {
            Start(body: null);
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // Then the next body starts one itself, or fails to.
        }
    }

    private void Start(Action? body) => new Thread(() => Loop(body)) { IsBackground = true }.Start();

    private void Loop(Action? body)
    {
        do
        {
            body?.Invoke();
            body = null;
        }
        while (LinuxThread.TrySetPriority(0, priority) && TryWait(out body));
    }

    private bool TryWait(out Action? body)
    {
        body = null;
        var self = new Waiting();
        lock (_waiting)
        {
            if (_waiting.Count >= most)
            {
                return false;
            }

            _waiting.Add(self);
        }

        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            TimeSpan left = _patience - TimeProvider.System.GetElapsedTime(start);
            if (left > TimeSpan.Zero)
            {
                self.Parker.Park(left);
            }

            lock (_waiting)
            {
                body = self.Body;
                if (body is not null)
                {
                    return true;
                }

                if (left > TimeSpan.Zero)
                {
                    continue;
                }

                _waiting.Remove(self);
                return false;
            }
        }
    }

    private sealed class Waiting
    {
        internal LinuxParker Parker { get; } = new();

        /// <summary>Under the lock.</summary>
        internal Action? Body { get; set; }
    }
}
