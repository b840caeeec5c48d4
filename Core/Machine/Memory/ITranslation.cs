namespace Troupe.Core.Machine.Memory;

/// <summary>The translation seam: what one processor does to its own translation caches (SDM vol. 3, 4.10.4).</summary>
public interface ITranslation
{
    /// <summary>INVLPG: drops the calling processor's translations of a page, global ones included, and its cached table entries.</summary>
    static abstract void InvalidatePage(ulong virtualAddress);

    /// <summary>Drops all of the calling processor's translations, global ones included (a change of CR4.PGE).</summary>
    static abstract void FlushAll();
}
