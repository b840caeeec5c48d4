namespace Troupe.Smp.Host;

/// <summary>
/// Threads that run one body after another. A detached thread goes to work again instead of ending, and some are kept ready: to begin and to
/// end, a thread takes the runtime's locks, and one of low priority that the kernel interrupts there would keep the others waiting.
/// </summary>
/// <remarks>
/// Who starts a thread waits until that has run for the first time, and beside many busy threads this takes its time: 200 ms were seen. So the threads that are
/// kept ready are started by one that has nothing else to do, the supplier, and the monitor only asks it.
/// </remarks>
/// <param name="processors">Where a body may begin.</param>
/// <param name="priority">The nice value with which a body begins. A thread that may not return to it ends.</param>
/// <param name="slice">The slice that it asks the kernel for; null: the kernel has none.</param>
/// <param name="most">How many may wait for a body; more end.</param>
internal sealed class LinuxThreads(int[] processors, int priority, TimeSpan? slice, int most)
{
    /// <summary>So many are kept ready: two processors may need one at the same look.</summary>
    private const int Ready = 2;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly List<Waiting> _waiting = [];
    private readonly LinuxParker _supplier = new();

    // Under the lock of the list: threads that were started to wait and do not yet; whether the supplier runs, and whether it was asked since its last look.
    private int _beginning;
    private bool _supplies;
    private bool _isAsked;

    /// <summary>How many threads wait for a body.</summary>
    internal int ReadyCount
    {
        get
        {
            lock (_waiting)
            {
                return _waiting.Count;
            }
        }
    }

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

    /// <summary>Sees to it that the next bodies find threads that wait. The caller waits for none of them; for the supplier, if there was none.</summary>
    internal void KeepSomeReady()
    {
        lock (_waiting)
        {
            if (_waiting.Count + _beginning >= Ready)
            {
                return;
            }

            _isAsked = true;
            if (_supplies)
            {
                _supplier.Unpark();
                return;
            }

            _supplies = true;
        }

        if (!TryStart(Supply))
        {
            // Then the next body starts a thread itself, or fails to.
            lock (_waiting)
            {
                _supplies = false;
            }
        }
    }

    /// <summary>The supplier's body: it ends when it has not been asked for a while.</summary>
    private void Supply()
    {
        while (IsAsked())
        {
            while (IsOneMissing())
            {
                if (!TryStart(body: null))
                {
                    CountBegun();
                    break;
                }
            }

            _supplier.Park(_patience);
        }
    }

    private bool IsAsked()
    {
        lock (_waiting)
        {
            _supplies = _isAsked;
            _isAsked = false;
            return _supplies;
        }
    }

    private bool IsOneMissing()
    {
        lock (_waiting)
        {
            bool missing = _waiting.Count + _beginning < Ready;
            _beginning += missing ? 1 : 0;
            return missing;
        }
    }

    private void CountBegun()
    {
        lock (_waiting)
        {
            _beginning--;
        }
    }

    /// <summary>False: there is no memory for a thread now.</summary>
    private bool TryStart(Action? body)
    {
        try
        {
            Start(body);
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }

    private void Start(Action? body) => new Thread(() => Loop(body)) { IsBackground = true }.Start();

    private void Loop(Action? body)
    {
        // It begins with the priority of whoever started it.
        TryPrepare();
        if (body is null && !TryWait(isReady: true, out body))
        {
            return;
        }

        do
        {
            body!();
        }
        while (TryPrepare() && TryWait(isReady: false, out body));
    }

    /// <summary>
    /// Makes the calling thread fit for a body, before that comes: woken, it need not wait for the rest of a detached thread's slice, nor for a processor that
    /// it was bound to.
    /// </summary>
    private bool TryPrepare()
    {
        LinuxThread.TrySetAffinity(0, processors);
        bool isFit = LinuxThread.TrySetPriority(0, priority);
        if (isFit && slice is { } asked)
        {
            LinuxThread.TrySetSlice(0, priority, asked);
        }

        return isFit;
    }

    private bool TryWait(bool isReady, out Action? body)
    {
        body = null;
        var self = new Waiting();
        lock (_waiting)
        {
            _beginning -= isReady ? 1 : 0;
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
