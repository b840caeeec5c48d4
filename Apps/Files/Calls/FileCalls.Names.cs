namespace Troupe.Apps.Files;

/// <content>What is asked about and done to names.</content>
public sealed partial class FileCalls
{
    private const int ExecuteAccess = 1;
    private const int AnyExecute = 0b001_001_001;

    // man 3 mkstemp.
    private const string TemporaryLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const string TemporaryPattern = "XXXXXX";
    private const int TemporaryAttempts = 100;
    private const int TemporaryFileMode = 0b110_000_000;
    private const int TemporaryDirectoryMode = 0b111_000_000;

    private readonly Lock _temporaryGate = new();
    private ulong _temporary;

    /// <summary>stat, and lstat if a link at the end is not followed.</summary>
    public long GetInformation(string path, bool followsLink, out FileInformation? information)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Ask(reply => FileSystemMessage.GetInformation(_mount.Inside(path), reply, followsLink), out information);
    }

    /// <summary>access: whether it is there, and for bit 1 of the mode whether it can be executed. Other permissions are not enforced.</summary>
    public long Access(string path, int mode)
    {
        var error = GetInformation(path, followsLink: true, out var information);
        var isRefused = (mode & ExecuteAccess) != 0 && information is { Kind: FileKind.Regular } && (information.Mode & AnyExecute) == 0;
        return isRefused ? Refuse(FileErrno.AccessDenied) : error;
    }

    /// <summary>unlink.</summary>
    public long Delete(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return IsRoot(path) ? Refuse(FileErrno.IsDirectory) : Do(reply => FileSystemMessage.Delete(_mount.Inside(path), reply));
    }

    /// <summary>rename. Between the file system and the kernel's files it is refused (EXDEV).</summary>
    public long Rename(string path, string target)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(target);
        if (!Owns(path) || !Owns(target))
        {
            return Refuse(FileErrno.CrossDevice);
        }

        return IsRoot(path) || IsRoot(target) ? Refuse(FileErrno.Busy) : Do(reply => FileSystemMessage.Rename(_mount.Inside(path), _mount.Inside(target), reply));
    }

    /// <summary>link: <paramref name="path"/> becomes one more name of <paramref name="target"/>.</summary>
    public long CreateHardLink(string path, string target)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(target);
        if (!Owns(path) || !Owns(target))
        {
            return Refuse(FileErrno.CrossDevice);
        }

        return IsRoot(path) ? Refuse(FileErrno.Exists) : Do(reply => FileSystemMessage.CreateHardLink(_mount.Inside(path), _mount.Inside(target), reply));
    }

    /// <summary>symlink: <paramref name="path"/> leads to <paramref name="target"/>.</summary>
    public long CreateLink(string path, string target)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(target);
        return IsRoot(path) ? Refuse(FileErrno.Exists) : Do(reply => FileSystemMessage.CreateLink(_mount.Inside(path), _mount.TargetToDisk(target), reply));
    }

    /// <summary>readlink.</summary>
    public long ReadLink(string path, out string target)
    {
        ArgumentNullException.ThrowIfNull(path);
        var error = Ask<string>(reply => FileSystemMessage.ReadLink(_mount.Inside(path), reply), out var text);
        target = _mount.TargetFromDisk(text ?? "");
        return error;
    }

    /// <summary>chmod.</summary>
    public long SetMode(string path, int mode)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Do(reply => FileSystemMessage.SetMode(_mount.Inside(path), mode, reply));
    }

    /// <summary>utimensat, of a link itself.</summary>
    public long SetTimes(string path, FileTimes times)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Do(reply => FileSystemMessage.SetTimes(_mount.Inside(path), times, reply, followsLink: false));
    }

    /// <summary>mkstemp: opens a new file; its name is the pattern with the letters before its last <paramref name="suffixLength"/> characters replaced. Answers the descriptor.</summary>
    public long CreateTemporaryFile(string pattern, int suffixLength, out string made) =>
        CreateTemporary(pattern, suffixLength, path => Open(path, OpenReadWrite | OpenCreate | OpenExclusive, TemporaryFileMode), out made);

    /// <summary>mkdtemp.</summary>
    public long CreateTemporaryDirectory(string pattern, out string made) =>
        CreateTemporary(pattern, 0, path => CreateDirectory(path, TemporaryDirectoryMode), out made);

    private long CreateTemporary(string pattern, int suffixLength, Func<string, long> create, out string made)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        made = pattern;
        var start = pattern.Length - suffixLength - TemporaryPattern.Length;
        if (suffixLength < 0 || start < 0 || !pattern.AsSpan(start).StartsWith(TemporaryPattern, StringComparison.Ordinal))
        {
            return Refuse(FileErrno.InvalidArgument);
        }

        var result = Refuse(FileErrno.Exists);
        for (var attempt = 0; attempt < TemporaryAttempts && result == Refuse(FileErrno.Exists); attempt++)
        {
            made = string.Concat(pattern.AsSpan(0, start), NextTemporaryName(), pattern.AsSpan(start + TemporaryPattern.Length));
            result = create(made);
        }

        return result;
    }

    /// <summary>Names that seldom repeat; that they are free is what making them finds out.</summary>
    private string NextTemporaryName()
    {
        lock (_temporaryGate)
        {
            // Knuth's multiplier (MMIX) spreads what differs in a tick over the letters.
            _temporary = ((_temporary ^ (ulong)_time.GetUtcNow().Ticks) * 6364136223846793005) + 1442695040888963407;
            var rest = _temporary >> 24;
            return string.Create(TemporaryPattern.Length, rest, static (letters, value) =>
            {
                foreach (ref var letter in letters)
                {
                    letter = TemporaryLetters[(int)(value % (ulong)TemporaryLetters.Length)];
                    value /= (ulong)TemporaryLetters.Length;
                }
            });
        }
    }

    private bool IsRoot(string path) => _mount.Inside(path).AsSpan().Trim('/').Length == 0;
}
