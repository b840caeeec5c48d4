namespace Troupe.Apps.Files;

/// <summary>An open file, for as long as the file system's actor lives: it holds the file, not the name. Whoever opened it closes it.</summary>
/// <param name="Number">Which; 0 is none.</param>
public readonly record struct FileHandle(int Number);
