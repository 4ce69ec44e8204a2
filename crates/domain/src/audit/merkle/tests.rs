use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn shown(hash: Hash) -> String {
    data_encoding::HEXLOWER.encode(&hash)
}

fn leaves(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf(&i.to_be_bytes())).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier
}

/// RFC 9162 section 2.1.1, as it is written there.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(part(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

fn part(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// RFC 9162 section 2.1.3.1, as it is written there.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = part(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut below, side) = if index < k {
        (path(index, left), root(right))
    } else {
        (path(index - k, right), root(left))
    };
    below.push(side);
    below
}

/// RFC 9162 section 2.1.4.1, as it is written there.
fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(leaves)]
        };
    }
    let k = part(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut below, side) = if old <= k {
        (subproof(old, left, whole), root(right))
    } else {
        (subproof(old - k, right, false), root(left))
    };
    below.push(side);
    below
}

fn made(mut prover: Prover, leaves: &[Hash]) -> Vec<Hash> {
    for leaf in leaves {
        prover.push(*leaf);
    }
    prover.finish().unwrap()
}

/// Leaves and roots that implementations of RFC 6962 share: `testonly` of
/// certificate-transparency-go and transparency-dev/merkle.
#[test]
fn the_roots_are_those_of_other_implementations() {
    let data = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut growing = Frontier::default();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(shown(growing.root()), empty);
    for (data, root) in data.iter().zip(roots) {
        growing.append(leaf(&hex(data)));
        assert_eq!(shown(growing.root()), root, "{} leaves", growing.size());
    }
}

#[test]
fn every_small_tree_proves_what_it_has() {
    let all = leaves(33);
    for new in 1..=33_usize {
        let tree = &all[..new];
        for index in 0..new {
            let prover = Prover::inclusion(index as u64, new as u64).unwrap();
            assert_eq!(made(prover, tree), path(index, tree), "{index} of {new}");
        }
        for old in 1..=new {
            let prover = Prover::consistency(old as u64, new as u64).unwrap();
            assert_eq!(made(prover, tree), subproof(old, tree, true), "{old} {new}");
        }
    }
}

#[test]
fn what_no_tree_has_is_refused() {
    let zero = [0; 32];
    let no_leaf = Refused::NoLeaf { index: 3, size: 3 };
    assert_eq!(Prover::inclusion(3, 3).unwrap_err(), no_leaf);
    assert_eq!(verify_inclusion(zero, 3, 3, &[], &zero), Err(no_leaf));
    let shrunk = Refused::NotGrown { old: 4, new: 3 };
    assert_eq!(Prover::consistency(4, 3).unwrap_err(), shrunk);
    assert_eq!(verify_consistency(4, 3, &[], &zero, &zero), Err(shrunk));
    let mut early = Prover::inclusion(0, 3).unwrap();
    early.push(zero);
    let few = Refused::Leaves {
        expected: 3,
        found: 1,
    };
    assert_eq!(early.finish(), Err(few));
    let long = vec![zero; 70];
    assert_eq!(
        verify_inclusion(zero, 0, 3, &long, &zero),
        Err(Refused::Length)
    );
    assert_eq!(
        verify_consistency(2, u64::MAX, &long, &zero, &zero),
        Err(Refused::Length)
    );
    for bytes in [
        &[][..],
        &[0; 7],
        &[0; 9],
        &[0, 0, 0, 0, 0, 0, 0, 1],
        &[0; 40],
    ] {
        assert_eq!(Frontier::from_bytes(bytes), Err(NoFrontier));
    }
}

proptest! {
    #[test]
    fn a_frontier_has_the_root_of_the_definition(n in 0_u64..700) {
        let all = leaves(n);
        let frontier = frontier(&all);
        prop_assert_eq!(frontier.root(), root(&all));
        let kept = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
        prop_assert_eq!(kept, frontier);
    }

    #[test]
    fn runs_put_together_are_the_whole(parts in 0_usize..5, rest in 0_usize..=64) {
        let all = leaves(64 * parts as u64 + rest as u64);
        let mut joined = Frontier::default();
        for run in all.chunks(64) {
            prop_assert!(joined.extend(&frontier(run)));
        }
        prop_assert_eq!(&joined, &frontier(&all));
        if joined.size() % 2 == 1 {
            let before = joined.clone();
            prop_assert!(!joined.extend(&frontier(&leaves(2))));
            prop_assert_eq!(joined, before);
        }
    }

    /// A proof holds for what it was made for, and with any bit of it, of the
    /// leaf, the place, the size or the root changed for nothing.
    #[test]
    fn inclusion_is_proved_and_nothing_else(
        size in 1_u64..400,
        pick: prop::sample::Index,
        bit in 0_usize..256,
    ) {
        let all = leaves(size);
        let index = pick.index(all.len()) as u64;
        let leaf = all[pick.index(all.len())];
        let root = frontier(&all).root();
        let proof = made(Prover::inclusion(index, size).unwrap(), &all);
        prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, &root), Ok(()));
        let flip = |mut hash: Hash| { hash[bit / 8] ^= 1 << (bit % 8); hash };
        prop_assert!(verify_inclusion(flip(leaf), index, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &proof, &flip(root)).is_err());
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(verify_inclusion(leaf, other, size, &proof, &root).is_err());
        }
        for at in 0..proof.len() {
            let mut wrong = proof.clone();
            wrong[at] = flip(wrong[at]);
            prop_assert!(verify_inclusion(leaf, index, size, &wrong, &root).is_err());
            let short = &proof[..at];
            prop_assert!(verify_inclusion(leaf, index, size, short, &root).is_err());
        }
    }

    #[test]
    fn growth_is_proved_and_nothing_else(
        new in 1_u64..400,
        pick: prop::sample::Index,
        bit in 0_usize..256,
    ) {
        let all = leaves(new);
        let old = pick.index(all.len()) as u64 + 1;
        let old_root = root(&all[..old as usize]);
        let new_root = root(&all);
        let proof = made(Prover::consistency(old, new).unwrap(), &all);
        let verify = |proof: &[Hash], before: &Hash, now: &Hash| {
            verify_consistency(old, new, proof, before, now)
        };
        prop_assert_eq!(verify(&proof, &old_root, &new_root), Ok(()));
        let flip = |mut hash: Hash| { hash[bit / 8] ^= 1 << (bit % 8); hash };
        prop_assert!(verify(&proof, &flip(old_root), &new_root).is_err());
        prop_assert!(verify(&proof, &old_root, &flip(new_root)).is_err());
        for at in 0..proof.len() {
            let mut wrong = proof.clone();
            wrong[at] = flip(wrong[at]);
            prop_assert!(verify(&wrong, &old_root, &new_root).is_err());
            prop_assert!(verify(&proof[..at], &old_root, &new_root).is_err());
        }
    }
}
