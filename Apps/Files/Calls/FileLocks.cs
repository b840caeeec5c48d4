// man 2 flock.
namespace Troupe.Apps.Files;

/// <summary>
/// Advisory locks on files, by which the class library keeps <see cref="FileShare"/>: of one guest's open files among each other. They are in memory, and nothing but this asks for them.
/// </summary>
internal sealed class FileLocks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Holders> _files = [];
    private readonly Dictionary<OpenDescription, long> _held = [];

    /// <summary>Locks a file for an open description, instead of what that held before; false, and then it holds what it held, if another's lock is against it.</summary>
    public bool TryLock(OpenDescription description, long inode, bool isExclusive)
    {
        lock (_gate)
        {
            if (_files.TryGetValue(inode, out var holders) && !holders.Allow(description, isExclusive))
            {
                return false;
            }

            ReleaseHeld(description);
            if (!_files.TryGetValue(inode, out holders))
            {
                _files.Add(inode, holders = new Holders());
            }

            holders.IsExclusive = isExclusive;
            holders.Descriptions.Add(description);
            _held.Add(description, inode);
            return true;
        }
    }

    /// <summary>Gives up what a description holds, if anything.</summary>
    public void Release(OpenDescription description)
    {
        lock (_gate)
        {
            ReleaseHeld(description);
        }
    }

    private void ReleaseHeld(OpenDescription description)
    {
        if (_held.Remove(description, out var inode) && _files.TryGetValue(inode, out var holders))
        {
            holders.Descriptions.Remove(description);
            if (holders.Descriptions.Count == 0)
            {
                _files.Remove(inode);
            }
        }
    }

    private sealed class Holders
    {
        public HashSet<OpenDescription> Descriptions { get; } = [];

        public bool IsExclusive { get; set; }

        public bool Allow(OpenDescription description, bool isExclusive) =>
            (!isExclusive && !IsExclusive) || (Descriptions.Count == 1 && Descriptions.Contains(description));
    }
}
