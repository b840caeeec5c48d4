using System.Diagnostics;

namespace Troupe.Storage.Tests.Files;

/// <summary>Images as Linux's stock tools make and check them (e2fsprogs).</summary>
internal static class Ext4Image
{
    /// <summary>What mke2fs makes where nobody says otherwise (since 1.47).</summary>
    public const string Usual = "metadata_csum,metadata_csum_seed,64bit,orphan_file";

    /// <summary>Without checksums of metadata.</summary>
    public const string Plain = "^metadata_csum,^orphan_file";

    /// <summary>An image of a folder's content.</summary>
    public static byte[] Make(string arguments, int megabytes, Action<string>? fill = null)
    {
        using var folder = new TemporaryFolder();
        var content = Directory.CreateDirectory(folder.At("content")).FullName;
        fill?.Invoke(content);
        var image = folder.At("image");
        Run("mke2fs", $"-q -t ext4 {arguments} -d {content} {image} {megabytes}M");
        return File.ReadAllBytes(image);
    }

    /// <summary>What e2fsck has to say to an image that it may not repair; empty if nothing.</summary>
    public static string Check(byte[] image) => OnFile(image, static file => Try("e2fsck", $"-fn {file}") is (not 0, var output) ? output : "", keeps: false);

    /// <summary>
    /// Has e2fsck replay the journal and do what it does without asking. Its complaints, if it could not; the image is changed. A superblock that is torn, half of it before its last write and half after it,
    /// it takes for no superblock where that has a checksum, until it may look for a copy, which it does not without asking.
    /// </summary>
    public static string Repair(byte[] image) => OnFile(
        image,
        static file =>
        {
            var (code, output) = Try("e2fsck", $"-p {file}");
            (code, output) = output.Contains("superblock could not be read", StringComparison.Ordinal) ? Try("e2fsck", $"-y {file}") : (code, output);
            return code > 1 ? output : "";
        },
        keeps: true);

    /// <summary>Has e2fsck make indexes for large directories, as Linux does.</summary>
    public static void Optimize(byte[] image) => OnFile(image, static file => Try("e2fsck", $"-fyD {file}").Output, keeps: true);

    /// <summary>Runs debugfs on an image, which it may change.</summary>
    public static string Debug(byte[] image, string commands) => OnFile(
        image,
        file =>
        {
            var script = file + ".script";
            File.WriteAllText(script, commands);
            return Run("debugfs", $"-w -f {script} {file}");
        },
        keeps: true);

    /// <summary>Takes all files of an image out, by debugfs.</summary>
    public static void Extract(byte[] image, string folder) => OnFile(image, file => Run("debugfs", $"-R \"rdump / {folder}\" {file}"), keeps: false);

    private static string OnFile(byte[] image, Func<string, string> use, bool keeps)
    {
        using var folder = new TemporaryFolder();
        var file = folder.At("image");
        File.WriteAllBytes(file, image);
        var result = use(file);
        if (keeps)
        {
            File.ReadAllBytes(file).CopyTo(image, 0);
        }

        return result;
    }

    private static string Run(string program, string arguments) =>
        Try(program, arguments) is (0, var output) ? output : throw new InvalidOperationException($"{program} {arguments}: {Try(program, arguments)}");

    private static (int ExitCode, string Output) Try(string program, string arguments)
    {
        var path = new[] { "/usr/sbin/", "/sbin/", "/usr/bin/" }.Select(folder => folder + program).FirstOrDefault(File.Exists) ?? program;
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MKE2FS_DEVICE_SECTSIZE"] = "512";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
